# SPDX-License-Identifier: Apache-2.0
"""Bytes as text, and what reaches a terminal (rule 20)."""

from __future__ import annotations

import sys
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracee_ref.strings import (
    bytes_of,
    cell,
    is_visible,
    quoted,
    text_of,
    visible,
    width_of,
    without_surrogates,
)

HOSTILE = (
    b"\xff", b"\xfe\x80", b"\xef\xbf\xbd", b"\xef\xbf\xbdff", b"\xef", b"\xef\xbf", b"f", b"0",
    b"\\", b"\\xff", b'"', b" ", b"\n", b"\x1b[31m", b"\x9b", b"\xed\xa0\x80", b"\xc0\x9b", b"\0",
    "\u009b".encode(), "\u202e".encode(), "\u061c".encode(), "\ufeff".encode(), "\u2028".encode(),
    "\U000e0041".encode(), "\ufe0f".encode(), "\u0301".encode(), "\u3164".encode(), b"/", b"a",
    "\u00e9".encode(), "\u65e5".encode(), "\U0001f600".encode(), "\u05d0".encode(), b"map[", b"<",
)  # fmt: skip
BYTES = st.binary() | st.lists(st.sampled_from(HOSTILE)).map(b"".join)
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(BYTES)
def test_text_of_is_reversible(data: bytes) -> None:
    """Text is valid Unicode, and gives the bytes back, also from a Python argument."""
    text = text_of(data)
    assert bytes_of(text) == data
    assert bytes_of(text.encode().decode(errors="surrogateescape")) == data


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd")))
def test_text_of_utf8_is_itself(text: str) -> None:
    """What is UTF-8 stays as it is; only U+FFFD does not."""
    assert text_of(text.encode()) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xff", "?ff"),
        ("\ufffd".encode(), "?ef?bf?bd"),
        ("\ufffdff".encode(), "?ef?bf?bdff"),
        (b"\\xff", "\\xff"),
        (b"sur\xed\xa0\x80", "sur?ed?a0?80"),
    ],
)
def test_text_of_distinguishes(data: bytes, text: str) -> None:
    """A byte, U+FFFD, and the text of an escape are three different things."""
    assert text_of(data) == text.replace("?", "\ufffd")


def test_bytes_of_lone_mark() -> None:
    """In a filter U+FFFD may stand alone; only what text_of writes stands for a byte."""
    assert bytes_of("\ufffd") == "\ufffd".encode()
    assert bytes_of("\ufffd41") == "\ufffd41".encode()
    assert bytes_of("\ufffdFF") == "\ufffdFF".encode()


def test_visible_every_character() -> None:
    """No control, format, unassigned or private character, separator or blank is visible."""
    wrong = {chr(code) for code in range(sys.maxunicode + 1)}
    wrong = {c for c in wrong if is_visible(c) and category(c) in INVISIBLE}
    assert not wrong
    blanks = "\u00a0\u3000\u034f\u115f\u3164\uffa0\ufe0f\U000e0100\u2800\u180e\u00ad"
    assert not any(map(is_visible, blanks))


@given(BYTES)
def test_shown_text_is_visible(data: bytes) -> None:
    """Whatever the bytes are, messages and cells have visible characters only."""
    for shown in (visible(text_of(data)), quoted(text_of(data)), cell(text_of(data), 16)):
        assert all(map(is_visible, shown))
    assert width_of(cell(text_of(data), 16)) == 16


@given(BYTES)
def test_quoted_is_reversible(data: bytes) -> None:
    """Different strings are different in a table."""
    text = text_of(data)
    shown = quoted(text)
    if shown.startswith('"'):
        escapes = shown[1:-1].encode("latin-1", "backslashreplace").decode("unicode_escape")
        assert escapes == text
    else:
        assert shown == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc\rd\x00\x7f", r"a\tb\nc\rd\x00\x7f"),
        ("\u009b\u2066\U000e0041", r"\u009b\u2066\U000e0041"),
        ("\udcff\ud800", "\ufffdff\\ud800"),
        ("a\\n", "a\\n"),
        ("e\u0301 \u0301", "e\u0301 \\u0301"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 4 + "\\u0301"),
        ("\u05d0", "\u05d0"),
    ],
)
def test_visible_escapes(text: str, shown: str) -> None:
    """Messages have escapes for what is not visible, and no quotes."""
    assert visible(text) == shown


def test_without_surrogates() -> None:
    """A string that os.fsdecode made has the same bytes as text."""
    assert without_surrogates("a\udcff\ud800") == "a\ufffdff\ufffded\ufffda0\ufffd80"
