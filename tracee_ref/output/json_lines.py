# SPDX-License-Identifier: Apache-2.0
r"""JSON, one object per line, to the byte as Go's encoder writes it (facts, section 4.3)."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tracee_ref.events.event import TraceEvent

LESS, GREATER, AMPERSAND = b"<>&"

SEPARATORS: Final = (("\u2028".encode(), b"\\u2028"), ("\u2029".encode(), b"\\u2029"))

REPLACEMENT: Final = "\ufffd"
SURROGATES: Final = dict.fromkeys(range(0xD800, 0xE000), REPLACEMENT)


class JsonPrinter:
    """Prints events as JSON lines."""

    def __init__(self) -> None:
        self._encode = msgspec.json.Encoder().encode

    def header(self) -> bytes:
        """Return nothing: JSON lines have no header."""
        return b""

    def line(self, event: TraceEvent) -> bytes:
        """Return an event as one line; bytes that are not UTF-8 become U+FFFD."""
        try:
            data = self._encode(event)
        except UnicodeEncodeError:
            data = self._encode(replaced(msgspec.to_builtins(event)))
            data = data.replace(REPLACEMENT.encode(), b"\\ufffd")
        return go_escaped(data) + b"\n"


def go_escaped(data: bytes) -> bytes:
    """Return JSON with the escapes that Go adds.

    Outside of strings none of the characters can occur in JSON, so replacing them is safe.
    """
    # Looking for a single byte is several times faster than looking for a string.
    if LESS in data or GREATER in data or AMPERSAND in data:
        data = data.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
    if not data.isascii():
        for character, escape in SEPARATORS:
            data = data.replace(character, escape)
    return data


def replaced(value: Any) -> Any:
    """Return a value with the bytes that the kernel's text could not explain replaced."""
    if isinstance(value, str):
        return value.translate(SURROGATES)
    if isinstance(value, dict):
        return {replaced(key): replaced(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [replaced(item) for item in value]
    return value
