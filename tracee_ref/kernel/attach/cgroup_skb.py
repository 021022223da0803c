# SPDX-License-Identifier: Apache-2.0
"""Attaching of programs to the packets of a cgroup (v2)."""

from __future__ import annotations

import os
import re
import time
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Final

from ...containers.cgroups import UNIFIED, root_of
from ...errors import HostCode, HostError
from ...procfs import start_time
from ...signals import undone
from ..build.bpf_syscall import link_create

ATTACH_TYPES: Final = {"ingress": 0, "egress": 1}
"""BPF_CGROUP_INET_INGRESS and BPF_CGROUP_INET_EGRESS (linux/bpf.h)."""

PROC: Final = Path("/proc")
MEMBERS: Final = "cgroup.procs"

OWNER: Final = re.compile(r"tracee-ref-(\d+)-\d+")
"""The name of a cgroup for a COMMAND."""

COMM: Final = "tracee-ref"
"""The comm of a tracer."""

EMPTY_SECONDS: Final = 1.0
"""An exiting process remains a member for some time."""

POLL_SECONDS: Final = 0.01


class CgroupPackets:
    """Programs at the packets of a cgroup; raises HostError without cgroup v2.

    A COMMAND gets a child of the tracer's cgroup, so that no other packets are seen.  Sockets that
    its descendants create in other cgroups are not seen.
    """

    def __init__(self, command: int | None) -> None:
        self._links: list[int] = []
        self._created = ExitStack()
        top = root_of(UNIFIED)
        if top is None:
            raise HostError(
                HostCode.CGROUP,
                "net_packet_...: needs cgroup v2, which is mounted nowhere; mount it:"
                " mount -t cgroup2 none /sys/fs/cgroup",
            )
        directory = top
        if command is not None:
            remove_left_cgroups(top)
            directory = _cgroup_for(command, top)
            self._created.callback(_remove, directory)
            self._created.enter_context(undone(partial(_remove, directory)))
        self._directory = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)

    def attach(self, direction: str, program: int) -> None:
        """Attach a program (a file descriptor) to the packets of a direction."""
        self._links.append(link_create(program, self._directory, ATTACH_TYPES[direction]))

    def close(self) -> None:
        """Detach everything; remove the cgroup, after moving its processes to the parent."""
        for fd in [*self._links, self._directory]:
            os.close(fd)
        self._links.clear()
        self._created.close()


def _cgroup_for(command: int, top: Path) -> Path:
    """Create a child of the tracer's cgroup and move a process (tgid) into it."""
    cgroups = (PROC / "self/cgroup").read_text(errors="surrogateescape")
    directory = top / own_cgroup(cgroups) / cgroup_name(os.getpid())
    try:
        directory.mkdir()
        (directory / MEMBERS).write_text(str(command))
    except OSError as error:
        _removed(directory)
        raise HostError(
            HostCode.CGROUP,
            f"{directory}: a cgroup for the command cannot be made ({error.strerror});"
            " trace without a command, or as root in a cgroup that may have children",
        ) from error
    return directory


def own_cgroup(cgroups: str) -> str:
    """Return the path of the cgroup of version 2; ``cgroups`` is the text of a /proc/PID/cgroup."""
    paths = (line.removeprefix("0::") for line in cgroups.splitlines() if line.startswith("0::"))
    return next(paths, "/").lstrip("/")


def cgroup_name(pid: int) -> str:
    """Return the name of the cgroup that a tracer makes, by its tgid and start time (ticks)."""
    return f"tracee-ref-{pid}-{start_time(pid).decode('ascii')}"


def remove_left_cgroups(top: Path) -> None:
    """Remove the cgroups below a directory that tracers left behind which SIGKILL ended."""
    for directory, names, _ in os.walk(top):
        for name in names:
            owner = OWNER.fullmatch(name)
            if owner and name != cgroup_name(int(owner[1])) and not _is_tracer(int(owner[1])):
                _remove(Path(directory, name))


def _is_tracer(pid: int) -> bool:
    """Whether a process may be a tracer: start times differ in other time namespaces."""
    try:
        os.kill(pid, 0)
        return (PROC / str(pid) / "comm").read_text(errors="replace").rstrip("\n") == COMM
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it exists, and hidepid hides it


def _remove(directory: Path) -> None:
    """Remove a cgroup, after moving its processes to the parent; one with children remains."""
    with suppress(OSError):  # another tracer has removed it
        for pid in (directory / MEMBERS).read_text().split():
            with suppress(OSError):  # it has ended
                (directory.parent / MEMBERS).write_text(pid)
    deadline = time.monotonic() + EMPTY_SECONDS
    while not _removed(directory) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _removed(directory: Path) -> bool:
    try:
        directory.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
