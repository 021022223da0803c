# SPDX-License-Identifier: Apache-2.0
"""Control characters made visible, so that no value can break a row or the terminal."""

from __future__ import annotations

import re
from typing import Final

SHORT: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}

CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: terminals obey them
    "\u2028\u2029"  # line and paragraph separator: some viewers break lines at them
    "\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # direction: they reorder the row around them
)


def visible(text: str) -> str:
    r"""Return text with control characters as ``\n``, ``\x1b`` or ``\u202e``.

    A backslash stays as it is: rows are for reading, JSON is what is free of ambiguity.
    """
    return text if text.isprintable() else CONTROL.sub(escaped, text)


def escaped(match: re.Match[str]) -> str:
    """Return the escape sequence of one character."""
    character = match.group()
    code = ord(character)
    return SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
