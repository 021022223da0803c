# SPDX-License-Identifier: Apache-2.0
"""The boot clock, which records have, and the wall clock, which timestamps have.

The kernel side reads CLOCK_BOOTTIME of the initial time namespace.  Both clocks are slewed alike
and count suspended time, so their difference changes only when the wall clock is set.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Final

INITIAL_TIME_NAMESPACE: Final = 0xEFFFFFFA
"""Inode number of the initial time namespace (PROC_TIME_INIT_INO, linux/proc_ns.h)."""

NS_PER_SECOND: Final = 1_000_000_000

SET_NS: Final = 1_000_000
"""A change of the wall clock by less is not taken over: the greatest error of a timestamp."""

SELF: Final = Path("/proc/self")


def boot_time() -> int:
    """Return the time since boot (ns) in the initial time namespace."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - (namespace_offset() or 0)


@cache
def namespace_offset(process: Path = SELF) -> int | None:
    """Return what the time namespace of a process adds to the boot time (ns); None if unknown.

    The file has the offsets of future children.  Before Linux v6.3, 2b5f9dad32ed ("fs/exec: switch
    timens when a task gets a new mm"), a process did not enter their namespace at an exec.
    """
    try:
        own = (process / "ns/time").stat().st_ino
        if own == INITIAL_TIME_NAMESPACE:
            return 0
        if own != (process / "ns/time_for_children").stat().st_ino:
            return None
        return boot_offset((process / "timens_offsets").read_text(encoding="ascii"))
    except FileNotFoundError:  # a kernel without time namespaces
        return 0


def boot_offset(offsets: str) -> int:
    """Return the offset of the boot time (ns) in the text of /proc/PID/timens_offsets."""
    for line in offsets.splitlines():
        clock, seconds, nanoseconds = line.split()
        if clock in ("boottime", "7"):
            return int(seconds) * NS_PER_SECOND + int(nanoseconds)
    return 0


class EventClock:
    """The clock of timestamps: ``offset`` (ns) is added to boot time.

    With ``relative`` it counts from now on, and nobody can set it.
    """

    def __init__(self, *, relative: bool = False) -> None:
        self._relative = relative
        self.offset = -boot_time() if relative else wall_offset()

    def was_set(self) -> bool:
        """Take over a change of the wall clock; return whether there was one."""
        if self._relative:
            return False
        # Compared without wall_offset(): this is called before every read of the ring buffer.
        if abs(time.time_ns() - boot_time() - self.offset) < SET_NS:
            return False
        offset = wall_offset()
        changed = abs(offset - self.offset) >= SET_NS
        self.offset = offset if changed else self.offset
        return changed


def wall_offset() -> int:
    """Return the difference of wall clock and boot time (ns), of several the one read fastest."""
    return min(_reading() for _ in range(5))[1]


def _reading() -> tuple[int, int]:
    """Return the time that a reading took, and the difference of the clocks (ns)."""
    before = boot_time()
    wall = time.time_ns()
    after = boot_time()
    return after - before, wall - (before + after) // 2
