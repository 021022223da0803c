# SPDX-License-Identifier: Apache-2.0
"""Reader of /proc: processes, their ancestors, namespaces and cgroups.

Names that processes choose (comm, host name, paths) are bytes of any kind.  Text is decoded with
``os.fsdecode``, which ``os.fsencode`` reverses.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from .containers.cgroups import Hierarchy, container_id, root_of
from .model.facts import Container, Process
from .model.lifecycle import Start, ancestry_of
from .model.scope import Binary

PROC: Final = Path("/proc")

PARENT, START_TIME = 1, 19
"""Indexes in /proc/PID/stat after the comm (proc(5): fields 4 and 22)."""

NS_PER_TICK: Final = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
"""/proc counts start times in clock ticks."""

UTS_BYTES: Final = 15
"""Length of a host name in ``struct facts`` (bpf/match/facts.h)."""

DELETED: Final = b" (deleted)"
"""Appended by the kernel to the path of an unlinked program file (d_path)."""

MEMFD: Final = b"/memfd:"
CLONE_NEWUTS: Final = 0x04000000

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A process; the default is the one of a container without processes.

    ``inner`` are its tgid and its parent's in its own pid namespace, 0 for a parent outside;
    ``start_time`` is boot time (ns); ``cgroup`` is an id.
    """

    process: Process
    cgroup: int
    ppid: int = 0
    inner: tuple[int, int] = (0, 0)
    start_time: int = 0


class Cgroup(NamedTuple):
    """A cgroup's id, and the id of the container that it belongs to."""

    id: int
    container: str | None


def process_ids() -> set[int]:
    """Return the tgids of all processes, in the initial pid namespace."""
    return {int(entry.name) for entry in os.scandir(PROC) if entry.name.isdigit()}


def read_process(pid: int, cgroup: int, container: Container | None) -> ProcessInfo:
    """Return a process of a cgroup; OSError if it exited or may not be read."""
    directory = PROC / str(pid)
    status, parents, ticks = _status(pid), ancestors(pid), start_time(pid)
    if not ticks:
        raise ProcessLookupError(pid)
    process = Process(
        pid=pid,
        tid=pid,
        uid=int(status["Uid"].split()[0]),
        comm=(directory / "comm").read_bytes().removesuffix(b"\n"),
        uts=host_name(directory / "ns/uts")[:UTS_BYTES],
        mntns=(directory / "ns/mnt").stat().st_ino,
        pidns=(directory / "ns/pid").stat().st_ino,
        binary=_binary(directory),
        container=container,
        ancestry=ancestry_of(pid, parents),
        tracer=pid == os.getpid(),
    )
    ppid = parents[pid]
    inner = inner_ids(status, _status(ppid) if ppid else {})
    return ProcessInfo(process, cgroup, ppid, inner, int(ticks) * NS_PER_TICK)


def first_process(directory: Path, container: str) -> ProcessInfo:
    """Return the oldest process of a container; ``directory`` is the container's cgroup."""
    members = [(start_time(pid), pid, cgroup) for cgroup, pid in _members(directory)]
    for _, pid, cgroup in sorted((int(ticks), *member) for ticks, *member in members if ticks):
        try:
            return read_process(pid, cgroup, Container(container))
        except (FileNotFoundError, ProcessLookupError):  # it exited
            continue
    return ProcessInfo(Process(container=Container(container)), directory.stat().st_ino)


def _members(directory: Path) -> Iterator[tuple[int, int]]:
    """Yield the cgroup id and tgid of each process of a container, without nested containers."""
    for path, children, _ in os.walk(directory):
        children[:] = [name for name in children if not container_id(name)]
        try:
            processes = Path(path, "cgroup.procs").read_text().split()
            cgroup = Path(path).stat().st_ino
        except OSError:  # removed, or a threaded cgroup
            continue
        yield from ((cgroup, int(pid)) for pid in processes)


def read_start(pid: int) -> Start:
    """Return a process's binary and parent; only its id if it exited."""
    fields = stat_fields(pid)
    process = Process(pid=pid, tid=pid, binary=_binary(PROC / str(pid)))
    return Start(process, int(fields[PARENT]) if fields else 0)


def stat_fields(pid: int) -> list[bytes]:
    """Return the fields of /proc/PID/stat after the comm, none if the process exited.

    The comm is in parentheses and may contain parentheses and spaces.
    """
    try:
        return (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []


def start_time(pid: int) -> bytes:
    """Return the start time (ticks), which tells apart processes that reuse an id."""
    fields = stat_fields(pid)
    return fields[START_TIME] if fields else b""


def ancestors(pid: int) -> dict[int, int]:
    """Return the parent of the process and of each of its ancestors."""
    parents: dict[int, int] = {}
    while pid and pid not in parents:
        fields = stat_fields(pid)
        parents[pid] = pid = int(fields[PARENT]) if fields else 0
    return parents


def namespaces(pid: int) -> dict[str, int]:
    """Return the inode numbers of a process's namespaces by their names in /proc/PID/ns."""
    return {entry.name: entry.stat().st_ino for entry in (PROC / str(pid) / "ns").iterdir()}


def cgroup_of(pid: int, hierarchy: Hierarchy) -> Cgroup:
    """Return a process's cgroup; its id is 0 where the hierarchy is not mounted."""
    top = root_of(hierarchy)
    for line in _lines(PROC / str(pid) / "cgroup"):
        number, _, path = line.split(":", 2)
        if int(number) == hierarchy.number and top is not None:
            ids = [container_id(name) for name in path.split("/")]
            container = next((id_ for id_ in reversed(ids) if id_), None)
            return Cgroup((top / path.lstrip("/")).stat().st_ino, container)
    return Cgroup(0, None)


def host_name(namespace: Path) -> bytes:
    """Return the host name of a UTS namespace; raises OSError."""
    if namespace.stat().st_ino == (PROC / "self/ns/uts").stat().st_ino:
        return os.fsencode(os.uname().nodename)
    with ThreadPoolExecutor(1) as thread:  # enters the namespace and ends
        return thread.submit(_enter_and_read_name, namespace).result()


def _enter_and_read_name(namespace: Path) -> bytes:
    with namespace.open("rb") as file:
        if _libc.setns(file.fileno(), CLONE_NEWUTS):
            raise OSError(ctypes.get_errno(), "setns")
    return os.fsencode(os.uname().nodename)


def inner_ids(status: dict[str, str], parent: dict[str, str]) -> tuple[int, int]:
    """Return a process's tgid in its own pid namespace and its parent's, 0 if that is outside."""
    ids, parents = (lines.get("NSpid", "").split() for lines in (status, parent))
    return int(ids[-1]), int(parents[len(ids) - 1]) if len(parents) >= len(ids) else 0


def _status(pid: int) -> dict[str, str]:
    lines = _lines(PROC / str(pid) / "status")
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def _binary(process: Path) -> Binary | None:
    """Return a process's program file; None for a kernel thread or an exited process."""
    try:
        path = os.fsencode((process / "exe").readlink())
        mntns = (process / "ns" / "mnt").stat().st_ino
    except OSError:
        return None
    path = path.removesuffix(DELETED)
    return Binary(path.removeprefix(b"/") if path.startswith(MEMFD) else path, mntns)


def _lines(file: Path) -> list[str]:
    return os.fsdecode(file.read_bytes()).split("\n")[:-1]
