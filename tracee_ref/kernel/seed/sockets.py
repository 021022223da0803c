# SPDX-License-Identifier: Apache-2.0
"""Seeding of socket owners with sockets older than the tracer.

What programs wrote is newer, and is not overwritten.  The process that used a socket last is
unknown: of several processes that have it open, the youngest becomes its owner, because servers
open sockets for the workers that they start.  Sockets that are not reached within FIRST_SECONDS
have no owner until a process uses them.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from struct import pack
from typing import Final

from ...abi import OWNER
from ...containers.cgroups import Hierarchy
from ...decode.records import HEADER, NO_CONTAINER
from ...model.facts import Container, Process
from ...model.match import process_filters_hold
from ...model.scope import Scope
from ...procfs import PROC, ProcessInfo, cgroup_of, process_ids, read_process, start_time
from ..build.program import Program
from ..maps.write import add_entry
from .limits import FIRST_SECONDS, until

SOCKET: Final = re.compile(r"socket:\[(\d+)\]")
TABLES: Final = (
    "tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6",
)  # fmt: skip
"""Tables of /proc/PID/net with sockets that can receive packets."""

NO_SYSCALL: Final = -1
INODE: Final = 9
"""Index of the inode number in their lines."""


def seed_owners(
    program: Program,
    scopes: Sequence[Scope],
    hierarchy: Hierarchy,
    event: int,
    *,
    track: bool,
    seconds: float = FIRST_SECONDS,
) -> bool:
    """Write the owners of all sockets, with their containers if ``track``.

    Return whether ``seconds`` were enough.
    """
    deadline = time.monotonic() + seconds
    for pid, inodes in until(deadline, sockets_of_processes(deadline).items()):
        owner = read_owner(pid, hierarchy, track=track)
        if owner is None:
            continue
        mask = accepted(scopes, owner.process)
        for inode in inodes:
            value = OWNER.struct.pack(mask, inode, False, record_header(owner, event))
            add_entry(program, "owners", pack("Q", inode), value)
    return time.monotonic() < deadline


def read_owner(pid: int, hierarchy: Hierarchy, *, track: bool) -> ProcessInfo | None:
    """Return a process, with its container if ``track``; None if it cannot be read."""
    try:
        cgroup = cgroup_of(pid, hierarchy)
        container = Container(cgroup.container) if cgroup.container and track else None
        return read_process(pid, cgroup.id, container)
    except OSError:  # it exited
        return None


def record_header(owner: ProcessInfo, event: int) -> bytes:
    """Return ``struct header`` of bpf/lib/records.h for an event of a process."""
    process = owner.process
    container = bytes.fromhex(process.container.id) if process.container else NO_CONTAINER
    inner_pid, inner_ppid = owner.inner
    ids = (process.pid, process.tid, owner.ppid, inner_pid, inner_pid, inner_ppid)
    namespaces = (process.uid, process.mntns, process.pidns)
    names = (process.comm, process.uts, container)
    return HEADER.pack(
        0, 0, event, NO_SYSCALL, 0, owner.start_time, owner.cgroup, *ids, *namespaces, 0, 0, *names
    )


def accepted(scopes: Iterable[Scope], process: Process) -> int:
    """Return the scopes whose filters on the process hold; no scope follows it yet (rule 13)."""
    return 0 if process.tracer else sum(s.bit for s in scopes if process_filters_hold(s, process))


def sockets_of_processes(deadline: float = math.inf) -> dict[int, list[int]]:
    """Return tgid -> inode numbers of the sockets that the process owns.

    The tracer owns none: it uses no sockets, and has inherited those that it has open.
    """
    inet = inet_sockets(deadline)
    ages = [(age(pid), pid) for pid in until(deadline, process_ids() - {os.getpid()})]
    youngest: dict[int, int] = {}
    for _, pid in until(deadline, sorted(ages)):
        youngest |= dict.fromkeys(inet.intersection(until(deadline, open_sockets(pid))), pid)
    found: dict[int, list[int]] = {}
    for inode, pid in youngest.items():
        found.setdefault(pid, []).append(inode)
    return found


def age(pid: int) -> tuple[int, int]:
    """Return a sort key by start time; ids wrap around."""
    return int(start_time(pid) or 0), pid


def inet_sockets(deadline: float = math.inf) -> set[int]:
    """Return the inode numbers of the IP sockets of all network namespaces."""
    namespaces: dict[int, Path] = {}
    for pid in until(deadline, process_ids()):
        with suppress(OSError):
            namespaces.setdefault((PROC / f"{pid}/ns/net").stat().st_ino, PROC / f"{pid}/net")
    return {inode for path in until(deadline, namespaces.values()) for inode in listed(path)}


def listed(directory: Path) -> Iterator[int]:
    """Yield the inode numbers of sockets in the tables of a network namespace."""
    for name in TABLES:
        with suppress(OSError):  # not every kernel has every table
            for line in (directory / name).read_text().splitlines()[1:]:
                yield int(line.split()[INODE])


def open_sockets(pid: int) -> Iterator[int]:
    """Yield the inode numbers of sockets that a process has open."""
    with suppress(OSError):
        for entry in (PROC / f"{pid}/fd").iterdir():
            with suppress(OSError):
                if found := SOCKET.fullmatch(str(entry.readlink())):
                    yield int(found[1])
