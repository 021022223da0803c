# SPDX-License-Identifier: Apache-2.0
"""A stream may be larger than memory: what a check keeps does not grow with it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from tests.traced_events import Traced, exec_, exit_, fork, traced, written
from tracee_ref.oracle.streams import verdicts
from tracee_ref.oracle.streams.checking import check
from tracee_ref.oracle.streams.job import Job, Streams

FLAGS = (
    "event=openat,sched_process_fork,sched_process_exec,sched_process_exit",
    "2:event=openat",
    "2:binary=/bin/cat",
)


def life(pid: int) -> list[Traced]:
    """The events of a process."""
    opens = [traced("openat", 1, hostProcessId=pid)] * 10
    return [fork(1, pid), exec_(pid, "/bin/ls"), *opens, exit_(pid)]


def peak(path: Path, lives: int, *, all_too: bool) -> int:
    """Bytes that a check of so many lives takes at most, the wrong masks in it told."""
    everything = None
    events = [
        event | {"timestamp": event["timestamp"] + (number * 20 + at) * 100_000_000}
        for number in range(lives)
        for at, event in enumerate(life(1000 + number))
    ]
    written(path, [*events[:-1], events[-1] | {"matchedScopes": 4}])
    if all_too:
        everything = str(written(path.with_suffix(".all"), events))
    tracemalloc.start()
    tally = check(Job(flags=FLAGS), Streams(str(path), everything))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert tally.events == len(events)
    return most


@pytest.mark.parametrize("all_too", [False, True])
def test_memory_does_not_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, all_too: bool
) -> None:
    """But for verdicts that are kept, of which there are few here."""
    monkeypatch.setattr(verdicts, "CACHE_SIZE", 100)
    peak(tmp_path / "warm", 20, all_too=all_too)
    small, large = (peak(tmp_path / str(lives), lives, all_too=all_too) for lives in (60, 600))
    assert large < small * 1.3
