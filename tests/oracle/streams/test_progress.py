# SPDX-License-Identifier: Apache-2.0
"""Tests of the progress of a check on a terminal."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.traced_events import traced, written
from tracee_ref.oracle.streams import progress
from tracee_ref.oracle.streams.checking import check
from tracee_ref.oracle.streams.job import Job, Streams


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("terminal", [Terminal(), io.StringIO()])
def test_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: io.StringIO) -> None:
    path = written(tmp_path / "own.json", [traced("openat", 1)] * 10)
    monkeypatch.setattr(progress, "INTERVAL_SECONDS", -1)
    monkeypatch.setattr(progress, "CLOCK_LINES", 2)
    monkeypatch.setattr(sys, "stderr", terminal)
    result = check(Job(flags=("event=openat",)), Streams(str(path)))
    assert result.right == 10
    printed = terminal.getvalue().split(progress.ERASE)
    if terminal.isatty():
        assert printed == ["", *(f"{path}: {n} lines, {10 * n} %" for n in (2, 4, 6, 8, 10)), ""]
    else:
        assert printed == [""]
