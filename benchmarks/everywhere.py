# SPDX-License-Identifier: Apache-2.0
"""Cost of events that every system call or every task switch may be."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from benchmarks import empty
from benchmarks.hooks import NO_PROCESS, Setting, Traced, measure

BOTH: Final = "event=sys_enter,sys_exit"
SWITCHES: Final = "switches"
"""The call in the loop: two switches, by pipes between two processes on one CPU."""


def every_syscall() -> Mapping[str, Setting]:
    """Return the settings for sys_enter and sys_exit."""
    other = ("sys_enter.args.syscall=getuid", "sys_exit.args.syscall=getuid")
    return {
        "no tracer": nullcontext,
        "empty, raw sys_enter and sys_exit": lambda: empty.raw_tracepoints("sys_enter", "sys_exit"),
        "sys_enter, sys_exit, filtered by syscall": Traced(BOTH, *other),
        "sys_enter, sys_exit, filtered by comm": Traced(BOTH, NO_PROCESS),
        "sys_exit delivered": Traced("event=sys_exit", "comm=calls"),
        "sys_enter, sys_exit delivered": Traced(BOTH, "comm=calls"),
        "getppid delivered": Traced("event=getppid", "comm=calls"),
    }


def every_switch() -> Mapping[str, Setting]:
    """Return the settings for sched_switch."""
    return {
        "no tracer": nullcontext,
        "empty, raw sched_switch": lambda: empty.raw_tracepoints("sched_switch"),
        "sched_switch, filtered by comm": Traced("event=sched_switch", NO_PROCESS),
        "sched_switch delivered": Traced("event=sched_switch", "comm=calls"),
    }


def everywhere(
    directory: Path, *, rounds: int, count: int, max_wait: float
) -> dict[str, list[dict[str, object]]]:
    """Return a row for each setting, by the call that is measured."""
    parts = {"getppid": (every_syscall(), count), SWITCHES: (every_switch(), max(1, count // 10))}
    return {
        call: measure(directory, settings, call, rounds=rounds, count=number, max_wait=max_wait / 2)
        for call, (settings, number) in parts.items()
    }
