# SPDX-License-Identifier: Apache-2.0
"""Test of the memory of a check, which does not grow with the stream."""

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


def peak(path: Path, count: int, *, with_unfiltered: bool) -> int:
    """Peak memory in bytes of a check of `count` processes, with some wrong masks."""
    unfiltered = None
    events = [
        event | {"timestamp": event["timestamp"] + (number * 20 + at) * 100_000_000}
        for number in range(count)
        for at, event in enumerate(life(1000 + number))
    ]
    written(path, [*events[:-1], events[-1] | {"matchedScopes": 4}])
    if with_unfiltered:
        unfiltered = str(written(path.with_suffix(".all"), events))
    tracemalloc.start()
    result = check(Job(flags=FLAGS), Streams(str(path), unfiltered))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.events == len(events)
    return most


@pytest.mark.parametrize("with_unfiltered", [False, True])
def test_memory_does_not_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_unfiltered: bool
) -> None:
    """Only cached verdicts grow, so their number is limited here."""
    monkeypatch.setattr(verdicts, "CACHE_SIZE", 100)
    peak(tmp_path / "warm", 20, with_unfiltered=with_unfiltered)
    small, large = (
        peak(tmp_path / str(count), count, with_unfiltered=with_unfiltered) for count in (60, 600)
    )
    assert large < small * 1.3
