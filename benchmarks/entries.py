# SPDX-License-Identifier: Apache-2.0
"""Cost of arguments at the entry of syscalls, next to an empty pair of hooks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from benchmarks import empty
from benchmarks.hooks import TWO_STRINGS, Setting, Traced, measure

NOBODYS: Final = ("event=openat", "comm=nobody")
SELECTED: Final = (f"event={TWO_STRINGS[0]}", "comm=calls")
UNMATCHED: Final = (f"event={TWO_STRINGS[0]}", "comm=nobody")


def pair() -> Setting:
    """Return the setting with empty programs at the entry and the exit of all syscalls."""
    return lambda: empty.raw_tracepoints("sys_enter", "sys_exit")


def unselected() -> Mapping[str, Setting]:
    """Return the settings for a call that nobody selected."""
    return {
        "no tracer": nullcontext,
        "empty, raw sys_exit": lambda: empty.raw_tracepoints("sys_exit"),
        "empty, raw sys_enter and sys_exit": pair(),
        "openat selected": Traced(*NOBODYS),
        "openat selected, --arguments return": Traced(*NOBODYS, at_entry=False),
    }


def selected() -> Mapping[str, Setting]:
    """Return the settings for a call with two strings."""
    return {
        "no tracer": nullcontext,
        "empty, raw sys_enter and sys_exit": pair(),
        "rejected": Traced(*UNMATCHED),
        "rejected, --arguments return": Traced(*UNMATCHED, at_entry=False),
        "delivered": Traced(*SELECTED),
        "delivered, --arguments return": Traced(*SELECTED, at_entry=False),
    }


def entries(
    directory: Path, *, rounds: int, count: int, max_wait: float
) -> dict[str, list[dict[str, object]]]:
    """Return a row for each setting, by the syscall that is measured."""
    call, in_loop = TWO_STRINGS
    waits = max_wait / 2
    return {
        "getppid": measure(
            directory, unselected(), "getppid", rounds=rounds, count=count, max_wait=waits
        ),
        call: measure(
            directory, selected(), in_loop, rounds=rounds, count=max(1, count // 4), max_wait=waits
        ),
    }
