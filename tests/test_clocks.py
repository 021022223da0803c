# SPDX-License-Identifier: Apache-2.0
"""Tests of the boot clock and of the clock of timestamps."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tracee_ref import clocks
from tracee_ref.clocks import INITIAL_TIME_NAMESPACE, EventClock, boot_offset, namespace_offset

NS_PER_SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("monotonic           0         0\nboottime            0         0\n", 0),
        ("monotonic           5         0\nboottime      1000000         7\n", 10**15 + 7),
        ("monotonic          -5         0\nboottime           -2 500000000\n", -1_500_000_000),
        ("1 0 0\n7 3 0\n", 3 * NS_PER_SECOND),
    ],
)
def test_boot_offset(text: str, offset: int) -> None:
    """Linux before v5.7 had numbers instead of the names."""
    assert boot_offset(text) == offset


def test_namespace_offset_without_support(tmp_path: Path) -> None:
    """A kernel without time namespaces has no offset."""
    assert namespace_offset(tmp_path) == 0


def test_namespace_offset_of_children(tmp_path: Path) -> None:
    """The offset of a process in another namespace than its children is unknown."""
    (tmp_path / "ns").mkdir()
    for name in ("time", "time_for_children"):
        (tmp_path / "ns" / name).touch()
    (tmp_path / "timens_offsets").write_text("boottime 1 0\n")
    assert (tmp_path / "ns/time").stat().st_ino != INITIAL_TIME_NAMESPACE
    assert namespace_offset(tmp_path) is None


def test_event_clock_is_not_set_by_itself() -> None:
    """The clocks run at the same rate."""
    clock = EventClock()
    assert not any(clock.was_set() for _ in range(1000))
    assert abs(clock.offset + clocks.boot_time() - time.time_ns()) < NS_PER_SECOND // 100


def test_event_clock_takes_over_a_change() -> None:
    """A difference to the wall clock of at least a millisecond is a change."""
    clock = EventClock()
    offset = clock.offset
    clock.offset -= NS_PER_SECOND
    assert clock.was_set()
    assert abs(clock.offset - offset) < clocks.SET_NS
    assert not clock.was_set()


def test_event_clock_relative() -> None:
    """Nobody sets a clock that counts from the start of the run."""
    clock = EventClock(relative=True)
    clock.offset -= NS_PER_SECOND
    assert not clock.was_set()
