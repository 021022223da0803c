# SPDX-License-Identifier: Apache-2.0
"""Programs at the packets of a cgroup (version 2): that of our COMMAND, or the top one."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ...containers.cgroups import UNIFIED, root_of
from ...errors import HostCode, HostError
from ..build.bpf_syscall import link_create

ATTACH_TYPES: Final = {"ingress": 0, "egress": 1}
"""BPF_CGROUP_INET_INGRESS and BPF_CGROUP_INET_EGRESS (linux/bpf.h)."""

PROC: Final = Path("/proc")
MEMBERS: Final = "cgroup.procs"

SECONDS_TO_EMPTY: Final = 1.0
"""How long a process that ends may still count as a member."""

REST: Final = 0.01


class CgroupPackets:
    """Links to a cgroup, which end with us; raises HostError where there is none.

    A COMMAND gets a cgroup of its own below that of the tracer: so nobody else's packets are
    looked at.  Of what it starts, sockets that are made in other cgroups are not seen.
    """

    def __init__(self, command: int | None) -> None:
        self._links: list[int] = []
        top = root_of(UNIFIED)
        if top is None:
            raise HostError(
                HostCode.CGROUP,
                "net_packet_...: needs cgroup v2, which is mounted nowhere; mount it:"
                " mount -t cgroup2 none /sys/fs/cgroup",
            )
        self._made = None if command is None else _cgroup_for(command, top)
        self._directory = os.open(self._made or top, os.O_RDONLY | os.O_DIRECTORY)

    def attach(self, direction: str, program: int) -> None:
        """Run a program at each packet of a direction."""
        self._links.append(link_create(program, self._directory, ATTACH_TYPES[direction]))

    def close(self) -> None:
        """Take the programs off and the cgroup away; who is left in it goes back to ours."""
        for fd in [*self._links, self._directory]:
            os.close(fd)
        self._links.clear()
        if self._made:
            _remove(self._made)


def _cgroup_for(command: int, top: Path) -> Path:
    """Make a cgroup below our own and move a process there."""
    place = top / own_cgroup((PROC / "self/cgroup").read_text()) / f"tracee-ref-{os.getpid()}"
    try:
        place.mkdir()
        (place / MEMBERS).write_text(str(command))
    except OSError as error:
        raise HostError(
            HostCode.CGROUP,
            f"{place}: a cgroup for the command cannot be made ({error.strerror});"
            " trace without a command, or as root in a cgroup that may have others below it",
        ) from error
    return place


def own_cgroup(cgroups: str) -> str:
    """Return the path of the cgroup of version 2; ``cgroups`` is the text of a /proc/PID/cgroup."""
    paths = (line.removeprefix("0::") for line in cgroups.splitlines() if line.startswith("0::"))
    return next(paths, "/").lstrip("/")


def _remove(place: Path) -> None:
    """Take a cgroup away; one with others below it stays."""
    for pid in (place / MEMBERS).read_text().split():
        with suppress(OSError):  # it has ended
            (place.parent / MEMBERS).write_text(pid)
    deadline = time.monotonic() + SECONDS_TO_EMPTY
    while not _removed(place) and time.monotonic() < deadline:
        time.sleep(REST)


def _removed(place: Path) -> bool:
    try:
        place.rmdir()
    except OSError:
        return False
    return True
