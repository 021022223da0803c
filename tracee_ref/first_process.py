"""The facts of processes that were there before us, as /proc tells them; first ones above all.

The first process of a container is the one that runs longest.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import fsdecode
from pathlib import Path
from typing import Final

from model.facts import Container, Process
from model.lifecycle import descent

from .containers.cgroups import container_id, own_hierarchy, root_of
from .seeds import PROC, ancestors, read_start, start_time

INIT: Final = 1
"""The first process of all."""

CLONE_NEWUTS: Final = 0x04000000
NAME_BYTES: Final = 15
"""Of a host name, what the kernel side takes of it (bpf/match/facts.h)."""

NS_PER_TICK: Final = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class First:
    """A process with what only outputs show of it; all is zero or empty if there is none.

    ``cgroup`` is the id of its cgroup, of the container's if there is no process; ``inner`` are
    its own id and its parent's in its pid namespace, ``start`` is boot time (ns).
    """

    process: Process
    cgroup: int
    ppid: int = 0
    inner: tuple[int, int] = (0, 0)
    start: int = 0


def first_process(place: Path, container: str) -> First:
    """Return the first process of the container that a cgroup's directory is."""
    members = [(start_time(pid), pid, group) for group, pid in _members(place)]
    for start, pid, group in sorted((int(ticks), *one) for ticks, *one in members if ticks):
        try:
            return read_process(pid, Container(container), start, group)
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
    return First(Process(container=Container(container)), place.stat().st_ino)


def _members(place: Path) -> Iterator[tuple[int, int]]:
    """Give the cgroup's id and the process id of all in a container, not in those inside of it."""
    for group, below, _ in os.walk(place):
        below[:] = [name for name in below if not container_id(name)]
        try:
            processes = (Path(group) / "cgroup.procs").read_text().split()
            number = Path(group).stat().st_ino
        except OSError:  # gone, or of the kind that holds threads only
            continue
        yield from ((number, int(pid)) for pid in processes)


def read_process(pid: int, container: Container | None, ticks: int, cgroup: int) -> First:
    """Return a process; OSError if it is gone, or not for us to read.

    ``ticks`` is its start as /proc counts it.
    """
    place = PROC / str(pid)
    status = dict(line.split(":\t", 1) for line in _lines(place / "status"))
    parents = ancestors(pid)
    process = Process(
        pid=pid,
        tid=pid,
        uid=int(status["Uid"].split()[0]),
        comm=(place / "comm").read_bytes().removesuffix(b"\n"),
        uts=host_name(place / "ns/uts").encode()[:NAME_BYTES],
        mntns=(place / "ns/mnt").stat().st_ino,
        pidns=(place / "ns/pid").stat().st_ino,
        binary=read_start(pid).process.binary,
        container=container,
        ancestry=descent(pid, parents),
    )
    level = len(status["NSpid"].split()) - 1
    inner = _id_at(pid, level), _id_at(parents[pid], level)
    return First(process, cgroup, parents[pid], inner, ticks * NS_PER_TICK)


def namespaces(pid: int) -> dict[str, int]:
    """Return the inode numbers of a process's namespaces, by their names under /proc/PID/ns."""
    return {entry.name: entry.stat().st_ino for entry in (PROC / str(pid) / "ns").iterdir()}


def cgroup_of(pid: int) -> int:
    """Return the id of a process's cgroup in the hierarchy that tells of containers; 0 if none."""
    wanted = own_hierarchy()
    lines = (line.split(":", 2) for line in _lines(PROC / str(pid) / "cgroup"))
    paths = [path for number, _, path in lines if int(number) == wanted.number]
    place = root_of(wanted)
    return (place / paths[0].lstrip("/")).stat().st_ino if place and paths else 0


def _id_at(pid: int, level: int) -> int:
    """Return the id of a process in a namespace so deep; 0 for one that is outside."""
    lines = _lines(PROC / str(pid) / "status") if pid else []
    ids = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    return int(ids[level]) if len(ids) > level else 0


def _lines(file: Path) -> list[str]:
    return fsdecode(file.read_bytes()).splitlines()


def host_name(namespace: Path) -> str:
    """Return the node name of a uts namespace; a thread of its own enters it to ask."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_name_inside, namespace).result()


def _name_inside(namespace: Path) -> str:
    with namespace.open() as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWUTS):
            raise OSError(ctypes.get_errno(), "setns")
    return os.uname().nodename
