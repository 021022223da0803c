"""All facts of a process that /proc tells, as the model and the header of a record have them.

Times are in hundredths of a second there: an event of a socket that its process has not used
since tracing began shows a ``threadStartTime`` that is as coarse.
"""

from __future__ import annotations

import ctypes
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model.facts import Container, Process

from .containers.cgroups import Hierarchy, container_id, root_of
from .decode.records import HEADER, NO_CONTAINER
from .seeds import PROC, ancestors, read_start, start_time

NAME_BYTES: Final = 15
NO_CALL: Final = -1
NS_PER_TICK: Final = 1_000_000_000 // os.sysconf("SC_CLK_TCK")

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """A process; ``inner`` are its ids and its parent's in its own pid namespace."""

    process: Process
    start: int
    cgroup: int
    ppid: int
    inner: tuple[int, int]

    def header(self, event: int) -> bytes:
        """Return ``struct header`` of bpf/lib/records.h for an event of the process."""
        one = self.process
        container = bytes.fromhex(one.container.id) if one.container else NO_CONTAINER
        inner_pid, inner_ppid = self.inner
        ids = (one.pid, one.tid, self.ppid, inner_pid, inner_pid, inner_ppid)
        rest = (one.uid, one.mntns, one.pidns, 0, 0, one.comm, one.uts, container)
        return HEADER.pack(0, 0, event, NO_CALL, 0, self.start, self.cgroup, *ids, *rest)


def read_facts(pid: int, hierarchy: Hierarchy, *, track: bool) -> ProcessFacts | None:
    """Return the facts of a process; None if it is gone.  ``track`` asks for its container."""
    place = PROC / str(pid)
    try:
        status = status_of(place)
        start = read_start(pid)
        cgroup, container = cgroup_of(place, hierarchy)
        process = Process(
            pid=pid,
            tid=pid,
            uid=int(status["Uid"].split()[0]),
            comm=(place / "comm").read_bytes()[:-1][:NAME_BYTES],
            uts=host_name(place / "ns/uts"),
            mntns=(place / "ns/mnt").stat().st_ino,
            pidns=(place / "ns/pid").stat().st_ino,
            binary=start.process.binary,
            container=Container(container) if container and track else None,
            ancestry=frozenset({pid, *ancestors(pid)} - {0}),
            tracer=pid == os.getpid(),
        )
        ticks = int(start_time(pid))
        inner = inner_ids(status, status_of(PROC / str(start.ppid)) if start.ppid else {})
    except (OSError, ValueError, LookupError):
        return None
    return ProcessFacts(process, ticks * NS_PER_TICK, cgroup, start.ppid, inner)


def status_of(place: Path) -> dict[str, str]:
    """Return the lines of a process's status by their names."""
    lines = (place / "status").read_text(errors="replace").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def inner_ids(status: dict[str, str], parent: dict[str, str]) -> tuple[int, int]:
    """Return the process's id in its own namespace and its parent's, 0 if that is outside."""
    ids, parents = (one.get("NSpid", "").split() for one in (status, parent))
    return int(ids[-1]), int(parents[len(ids) - 1]) if len(parents) >= len(ids) else 0


def cgroup_of(place: Path, hierarchy: Hierarchy) -> tuple[int, str | None]:
    """Return the id of a process's cgroup and the container that this belongs to."""
    top = root_of(hierarchy)
    for line in (place / "cgroup").read_text().splitlines():
        number, _, path = line.split(":", 2)
        if int(number) == hierarchy.number and top is not None:
            names = [container_id(name) for name in path.split("/")]
            container = next((name for name in reversed(names) if name), None)
            return (top / path.lstrip("/")).stat().st_ino, container
    return 0, None


def host_name(namespace: Path) -> bytes:
    """Return the host's name in a UTS namespace, as much of it as is compared."""

    def enter() -> str:
        with namespace.open("rb") as file:
            if _libc.setns(file.fileno(), 0) < 0:
                raise OSError(ctypes.get_errno(), "setns")
        return os.uname().nodename

    if namespace.stat().st_ino == (PROC / "self/ns/uts").stat().st_ino:
        name = os.uname().nodename
    else:  # a thread of its own goes there, and ends
        with ThreadPoolExecutor(1) as thread:
            name = thread.submit(enter).result()
    return os.fsencode(name)[:NAME_BYTES]
