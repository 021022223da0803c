# SPDX-License-Identifier: Apache-2.0
"""Escapes of control characters, which could break a row or drive the terminal."""

from __future__ import annotations

import re
from typing import Final

SHORT_ESCAPES: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}

CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: interpreted by terminals
    "\u2028\u2029"  # line and paragraph separator: some viewers break lines at them
    "\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # direction: they reorder the row around them
)


def visible(text: str) -> str:
    r"""Return a string with its control characters as ``\n``, ``\x1b`` or ``\u202e``.

    Backslashes are not doubled: rows are for people, JSON is unambiguous.
    """
    return text if text.isprintable() else CONTROL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    return SHORT_ESCAPES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
