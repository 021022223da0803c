# SPDX-License-Identifier: Apache-2.0
r"""Output format ``json``, encoded as Go does.

See docs/design/tracee-v0.12-facts.md, 4.3.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tracee_ref.events.event import TraceEvent

LESS, GREATER, AMPERSAND = b"<>&"

SEPARATORS: Final = (("\u2028".encode(), b"\\u2028"), ("\u2029".encode(), b"\\u2029"))

REPLACEMENT: Final = "\ufffd"
SURROGATES: Final = dict.fromkeys(range(0xD800, 0xE000), REPLACEMENT)


class JsonPrinter:
    """Printer of one JSON object per line."""

    def __init__(self) -> None:
        self._encode = msgspec.json.Encoder().encode

    def header(self) -> bytes:
        """Return the empty header."""
        return b""

    def line(self, event: TraceEvent) -> bytes:
        """Return the line of an event; bytes that are not UTF-8 become U+FFFD."""
        try:
            data = self._encode(event)
        except UnicodeEncodeError:
            data = self._encode(replace_surrogates(msgspec.to_builtins(event)))
            data = data.replace(REPLACEMENT.encode(), b"\\ufffd")
        return go_escaped(data) + b"\n"


def go_escaped(data: bytes) -> bytes:
    """Return JSON with the escapes that Go adds.

    JSON has these characters only in strings, so replacing them everywhere is safe.
    """
    # A search for one byte is several times faster than a search for a string.
    if LESS in data or GREATER in data or AMPERSAND in data:
        data = data.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
    if not data.isascii():
        for character, escape in SEPARATORS:
            data = data.replace(character, escape)
    return data


def replace_surrogates(value: Any) -> Any:
    """Return a value with U+FFFD for each byte that is not UTF-8."""
    if isinstance(value, str):
        return value.translate(SURROGATES)
    if isinstance(value, dict):
        return {replace_surrogates(key): replace_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [replace_surrogates(item) for item in value]
    return value
