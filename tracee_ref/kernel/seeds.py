"""Processes that ran before tracing began, as /proc tells of them (rule 10)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from model.facts import Process
from model.scope import Binary

PROC: Final = Path("/proc")
DELETED: Final = b" (deleted)"
"""What the kernel puts behind the path of a program file that was removed (d_path)."""

MEMFD: Final = b"/memfd:"


def seed_processes(learn: Callable[[Process], bool]) -> None:
    """Hand every process to ``learn``, which tells whether it was new to it.

    The programs that watch forks are attached by now.  A process forked by one that is not
    known yet is not known either, so we look again until a round finds nobody new.
    """
    known: set[int] = set()
    found = True
    while found:
        pids = {int(entry.name) for entry in os.scandir(PROC) if entry.name.isdigit()}
        learned = [learn(process_facts(pid)) for pid in sorted(pids - known)]
        found = any(learned)
        known |= pids


def process_facts(pid: int) -> Process:
    """Return what /proc tells of a process, by its id in the initial pid namespace."""
    return Process(pid=pid, tid=pid, binary=_binary(PROC / str(pid)))


def _binary(process: Path) -> Binary | None:
    """Return the program of a process; None for a kernel thread, and for one that is gone."""
    try:
        path = os.fsencode((process / "exe").readlink())
        mntns = (process / "ns" / "mnt").stat().st_ino
    except OSError:
        return None
    path = path.removesuffix(DELETED)
    return Binary(path.removeprefix(b"/") if path.startswith(MEMFD) else path, mntns)
