"""Processes that ran before tracing began, as /proc tells of them (rules 10 and 12)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from model.facts import Process
from model.lifecycle import Start
from model.scope import Binary

PROC: Final = Path("/proc")
DELETED: Final = b" (deleted)"
"""What the kernel puts behind the path of a program file that was removed (d_path)."""

MEMFD: Final = b"/memfd:"

PARENT, START_TIME = 1, 19
"""Places in /proc/PID/stat behind the name, from the state on (proc(5): fields 4 and 22)."""


def process_ids() -> set[int]:
    """Return the ids of all processes, in the initial pid namespace."""
    return {int(entry.name) for entry in os.scandir(PROC) if entry.name.isdigit()}


def read_start(pid: int) -> Start:
    """Return what /proc tells of a process; of one that is gone no more than its id."""
    found = stat_fields(pid)
    process = Process(pid=pid, tid=pid, binary=_binary(PROC / str(pid)))
    return Start(process, int(found[PARENT]) if found else 0)


def stat_fields(pid: int) -> list[bytes]:
    """Return the fields of a process's stat behind its name, none if it is gone.

    The name stands in brackets and may hold brackets and spaces itself.
    """
    try:
        return (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []


def start_time(pid: int) -> bytes:
    """Return when a process started: who has an id now is another one if this differs."""
    found = stat_fields(pid)
    return found[START_TIME] if found else b""


def ancestors(pid: int) -> dict[int, int]:
    """Return the parent of the process and of each one above it, as far as /proc tells."""
    parents: dict[int, int] = {}
    while pid and pid not in parents:
        found = stat_fields(pid)
        parents[pid] = pid = int(found[PARENT]) if found else 0
    return parents


def _binary(process: Path) -> Binary | None:
    """Return the program of a process; None for a kernel thread, and for one that is gone."""
    try:
        path = os.fsencode((process / "exe").readlink())
        mntns = (process / "ns" / "mnt").stat().st_ino
    except OSError:
        return None
    path = path.removesuffix(DELETED)
    return Binary(path.removeprefix(b"/") if path.startswith(MEMFD) else path, mntns)
