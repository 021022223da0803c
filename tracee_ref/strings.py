# SPDX-License-Identifier: Apache-2.0
"""Byte strings as text, and text that is safe on a terminal (rule 20).

Names and paths are bytes that processes choose.  Every byte that is not part of valid UTF-8 is
U+FFFD and two hexadecimal digits; U+FFFD itself is written so, byte by byte.  All else is itself,
so text is valid Unicode, and ``bytes_of`` reverses ``text_of``.  None of this asks the locale.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from functools import cache
from io import TextIOWrapper
from typing import Final
from unicodedata import bidirectional, category, east_asian_width

MARK: Final = "\ufffd"
"""Begins the two digits of a byte; other tracers replace each such byte by it alone."""

FIRST_SURROGATE: Final = 0xDC80
SURROGATE_BYTES: Final = range(FIRST_SURROGATE, 0xDD00)
"""What Python's ``surrogateescape`` has for bytes from 0x80 on."""

SURROGATE: Final = re.compile("[\ud800-\udfff]")

TO_TEXT: Final = {
    **{code: f"{MARK}{code - 0xDC00:02x}" for code in SURROGATE_BYTES},
    ord(MARK): "".join(f"{MARK}{byte:02x}" for byte in MARK.encode()),
}
BYTE: Final = re.compile(MARK.encode() + b"([89a-f][0-9a-f])")
"""The text form of a byte in UTF-8; ASCII is always valid, so no byte is below 0x80."""

IGNORABLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point of Unicode, and the blank U+2800 and U+1D159: drawn as nothing."""

MARKS: Final = ("Mn", "Me", "Mc")
"""Categories of characters that are drawn onto the one before."""

STACKED_MARKS: Final = 4
"""Marks on one character; more could cover the lines above."""

RIGHT_TO_LEFT: Final = ("R", "AL", "AN")
"""Bidirectional classes of characters that some terminals draw to the left, with what follows."""

ELLIPSIS: Final = "..."

SHORT_ESCAPES: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}

BARE: Final = re.compile(r"(?!map\[)[!#-;=-Z\]-z|}~][!#-\[\]-~]*")
"""ASCII that a table prints without quotes."""

SPECIAL: Final = re.compile(r'[ "\\]|^(?:[<\[{]|map\[)')
"""What makes a table quote a string: it could end the value, or look like another kind of value."""


def text_of(data: bytes) -> str:
    """Return a byte string as text."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="surrogateescape").translate(TO_TEXT)
    return text.translate(TO_TEXT) if MARK in text else text


def bytes_of(text: str) -> bytes:
    """Return the bytes of text, or of an argument as Python decodes it in UTF-8.

    U+FFFD without digits is itself.  Raises UnicodeEncodeError for other lone surrogates.
    """
    data = text.encode(errors="surrogateescape")
    return (
        data if text.isascii() else BYTE.sub(lambda match: bytes.fromhex(match[1].decode()), data)
    )


def argument_text(argument: str) -> str:
    """Return a command-line argument as Python decodes it in UTF-8, whatever the locale is."""
    return os.fsencode(argument).decode(errors="surrogateescape")


def write_utf8() -> None:
    """Make standard output and error UTF-8, whatever the locale is; what is not is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # None if it is closed
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def without_surrogates(text: str) -> str:
    """Return a string that a Python program made as text: surrogates as bytes."""
    return SURROGATE.sub(
        lambda match: (
            TO_TEXT.get(ord(match[0])) or text_of(match[0].encode(errors="surrogatepass"))
        ),
        text,
    )


def visible_lines(text: str) -> str:
    """Return a text of several lines with its invisible characters escaped."""
    return "\n".join(map(visible, text.split("\n")))


def visible_json(text: str) -> str:
    """Return ASCII JSON with DEL escaped, the only control character that encoders leave."""
    return text.replace("\x7f", "\\u007f")


def is_visible(character: str) -> bool:
    """Return whether a character has a shape and does nothing but show it.

    That excludes the categories C* and Z* but for the space (controls, formats, private use,
    unassigned, separators), and IGNORABLE.
    """
    return character.isprintable() and not IGNORABLE.match(character)


def visible(text: str, *, left_to_right: bool = False) -> str:
    r"""Return text with its other characters as ``\n``, ``\x1b`` or ``\u202e``.

    A mark (accent) without a character before it, or on more than STACKED_MARKS, is escaped, too;
    with ``left_to_right`` so are the letters of RIGHT_TO_LEFT.  Backslashes are not doubled.
    """
    if text.isascii() and text.isprintable():
        return text
    if not text.isascii() and not mark_characters().isdisjoint(text):
        text = mark_runs().sub(_marks, text)
    return text.translate(LEFT_TO_RIGHT if left_to_right else VISIBLE)


def _marks(match: re.Match[str]) -> str:
    """Return some marks in a row, those escaped that no character bears."""
    run, start = match[0], match.start()
    stands = start > 0 and match.string[start - 1] != " "
    kept = STACKED_MARKS if stands else 0
    return run[:kept] + "".join(map(escaped, run[kept:]))


@cache
def mark_characters() -> frozenset[str]:
    """Return the marks that are not always escaped."""
    return frozenset(c for c in map(chr, range(PLANE)) if category(c) in MARKS)


@cache
def mark_runs() -> re.Pattern[str]:
    """Return a pattern of marks in a row."""
    return re.compile(f"[{''.join(sorted(mark_characters()))}]+")


PLANE: Final = 0x10000
"""Marks from here on are always escaped: a pattern with them is a hundred times slower."""


class Escapes(dict[int, "int | str"]):
    """Table for ``str.translate``, filled as characters are met."""

    def __init__(self, escape: Callable[[str], str], *, left_to_right: bool = False) -> None:
        super().__init__()
        self._escape = escape
        self._left_to_right = left_to_right

    def __missing__(self, code: int) -> int | str:
        """Return and keep a character that is visible, or its escape."""
        character = chr(code)
        shown = is_visible(character) and not (
            (self._left_to_right and bidirectional(character) in RIGHT_TO_LEFT)
            or (code >= PLANE and category(character) in MARKS)
        )
        if len(self) >= CACHED_CHARACTERS:
            self.clear()
        self[code] = found = code if shown else self._escape(character)
        return found


CACHED_CHARACTERS: Final = 8192


def escaped(character: str) -> str:
    """Return a character as an escape; a surrogate that stands for a byte as that byte."""
    code = ord(character)
    if code in SURROGATE_BYTES:
        return TO_TEXT[code]
    if code < 0x80:
        return SHORT_ESCAPES.get(character) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


VISIBLE: Final = Escapes(escaped)
LEFT_TO_RIGHT: Final = Escapes(escaped, left_to_right=True)


def quoted(text: str, *, left_to_right: bool = False) -> str:
    r"""Return text as a table prints it: as it is, or in quotes if it could be misread.

    In quotes are text with spaces, ``"``, ``\`` or invisible characters, and text that begins
    like a value of another kind.
    """
    if not text or BARE.fullmatch(text):
        return text
    if not SPECIAL.search(text) and visible(text, left_to_right=left_to_right) == text:
        return text
    doubled = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{visible(doubled, left_to_right=left_to_right)}"'


def cell(text: str, width: int, *, cut: bool = True) -> str:
    """Return text quoted, and padded or cut to a number of columns; ``...`` ends what was cut."""
    if len(text) <= width and BARE.fullmatch(text):
        return text.ljust(width)
    shown = quoted(text, left_to_right=True)
    if cut and width_of(shown) > width:
        while width_of(shown) > width - len(ELLIPSIS):
            shown = shown[:-1]
        shown += ELLIPSIS
    return shown + " " * (width - width_of(shown))


def width_of(text: str) -> int:
    """Return the number of columns of visible text on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(character: str) -> int:
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
