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
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from os import fsdecode
from pathlib import Path
from typing import Final, NamedTuple

from .clocks import namespace_offset
from .containers.cgroups import Hierarchy, container_id, root_of
from .model.facts import Container, Process
from .model.lifecycle import ancestry_of
from .model.scope import Binary

PROC: Final = Path("/proc")

PARENT, FLAGS, START_TIME = 1, 6, 19
"""Indexes in /proc/PID/stat after the comm (proc(5): fields 4, 9 and 22)."""

PF_KTHREAD: Final = 0x00200000
"""Flag of kernel threads (linux/sched.h)."""

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


@contextmanager
def opened(pid: int) -> Iterator[Path]:
    """Open /proc/PID: what is read below the path is of this process, even if its id is reused.

    Raises ProcessLookupError if there is no such process, or it exits within the block;
    PermissionError, with the name of a file in /proc/PID, if it may not be read.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    try:
        fd = os.open(PROC / str(pid), flags)
    except FileNotFoundError as error:
        raise ProcessLookupError(pid) from error
    directory = PROC / "self/fd" / str(fd)
    try:
        yield directory
    except OSError as error:
        raise _error_of(error, directory, pid) from error
    finally:
        os.close(fd)


def _error_of(error: OSError, directory: Path, pid: int) -> OSError:
    """Return the cause of an error: links of a process that exited give EACCES, too."""
    try:
        _fields(directory)
    except OSError:
        return ProcessLookupError(pid)
    if isinstance(error, PermissionError) and error.filename:
        name = str(error.filename).replace(str(directory), str(PROC / str(pid)))
        return PermissionError(error.errno, error.strerror, name)
    return error


def read_process(pid: int, cgroup: int, container: Container | None) -> ProcessInfo:
    """Return a process of a cgroup; OSError if it exited or may not be read."""
    with opened(pid) as directory:
        return _read_process(directory, pid, cgroup, container)


def _read_process(
    directory: Path, pid: int, cgroup: int, container: Container | None
) -> ProcessInfo:
    status, parents, ticks = _status(directory), ancestors(pid), _fields(directory)[START_TIME]
    process = Process(
        pid=pid,
        tid=pid,
        uid=int(status["Uid"].split()[0]),
        comm=(directory / "comm").read_bytes().removesuffix(b"\n"),
        uts=host_name(directory / "ns/uts")[:UTS_BYTES],
        mntns=(directory / "ns/mnt").stat().st_ino,
        pidns=(directory / "ns/pid").stat().st_ino,
        binary=read_binary(directory),
        container=container,
        ancestry=ancestry_of(pid, parents),
        tracer=pid == os.getpid(),
    )
    ppid = parents[pid]
    inner = inner_ids(status, _status(PROC / str(ppid)) if ppid else {})
    return ProcessInfo(
        process, cgroup, ppid, inner, int(ticks) * NS_PER_TICK - (namespace_offset() or 0)
    )


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


def stat_fields(pid: int) -> list[bytes]:
    """Return the fields of /proc/PID/stat after the comm, none if the process exited."""
    try:
        return _fields(PROC / str(pid))
    except OSError:
        return []


def _fields(directory: Path) -> list[bytes]:
    """Return the fields of ``stat`` after the comm, which may contain parentheses and spaces."""
    return (directory / "stat").read_bytes().rpartition(b")")[2].split()


def start_time(pid: int) -> bytes:
    """Return the start time (ticks), which tells apart processes that reuse an id."""
    fields = stat_fields(pid)
    return fields[START_TIME] if fields else b""


def ancestors(pid: int) -> dict[int, int]:
    """Return the parent of the process and of each of its ancestors; 0 for the first process."""
    parents: dict[int, int] = {}
    while pid and pid not in parents:
        parents[pid] = pid = parent_of(pid) or 0
    return parents


def parent_of(pid: int) -> int | None:
    """Return the tgid of a process's parent, 0 if that is outside; None if the process exited."""
    fields = stat_fields(pid)
    return int(fields[PARENT]) if fields else None


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


def _status(directory: Path) -> dict[str, str]:
    lines = _lines(directory / "status")
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def read_parent(directory: Path) -> int:
    """Return the tgid of a process's parent, 0 if that is outside; OSError if it exited."""
    return int(_fields(directory)[PARENT])


def read_binary(directory: Path) -> Binary | None:
    """Return a process's program file; None for a kernel thread or a zombie.

    Raises OSError if the process exited, or if its files may not be read.
    """
    if int(_fields(directory)[FLAGS]) & PF_KTHREAD:
        return None
    # A leader may have exited before the other threads: then these have the file.
    tasks = (directory / "task").iterdir()
    found = (_binary_of_task(task) for task in chain([directory], tasks))
    return next(filter(None, found), None)


def _binary_of_task(directory: Path) -> Binary | None:
    link = directory / "exe"
    try:
        path = os.fsencode(link.readlink())
        mntns = (directory / "ns/mnt").stat().st_ino
    except FileNotFoundError:
        return None
    if path.endswith(DELETED) and not _is_file_at(directory, path, link):
        path = path.removesuffix(DELETED)
    return Binary(path.removeprefix(b"/") if path.startswith(MEMFD) else path, mntns)


def _is_file_at(directory: Path, path: bytes, link: Path) -> bool:
    """Whether a path in a process's mount namespace leads to the file of a link of /proc."""
    try:
        return (directory / "root" / fsdecode(path).lstrip("/")).samefile(link)
    except OSError:
        return False


def _lines(file: Path) -> list[str]:
    return fsdecode(file.read_bytes()).split("\n")[:-1]
