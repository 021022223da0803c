# SPDX-License-Identifier: Apache-2.0
"""Tests of flags quoted for a shell, whatever their bytes."""

from __future__ import annotations

import subprocess

import pytest

from tracee_ref.oracle.run.reasoning import shell_word


@pytest.mark.parametrize(
    ("flag", "word"),
    [
        (b"uid=5", "uid=5"),
        (b"comm!=a b", "'comm!=a b'"),
        ("comm=\u00e9".encode(), "'comm=\u00e9'"),
        (b"comm=*\xff*", r"$'comm=*\xff*'"),
        (b"comm=\xffa1", r"$'comm=\xffa1'"),
        (b"comm=it's \\\n", r"$'comm=it\'s \\\x0a'"),
        (b"comm=\xc3\xa9\xff", r"$'comm=\xc3\xa9\xff'"),
    ],
)
def test_shell_word_round_trip(flag: bytes, word: str) -> None:
    assert shell_word(flag) == word
    command = ["bash", "-c", f"printf %s {word}"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == flag
