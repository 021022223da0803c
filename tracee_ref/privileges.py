# SPDX-License-Identifier: Apache-2.0
"""Checks of the capabilities that a run needs, by its plan."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from .clocks import namespace_offset
from .containers.cgroups import enter_initial_namespace
from .containers.runtimes import DATA_DIRECTORIES
from .errors import HostCode, HostError
from .kernel.build.refusal import check_lockdown
from .kernel.capabilities import (
    BINARY,
    FIRST_PROCESSES,
    HIDDEN_PROCESSES,
    PACKETS,
    RUNTIMES,
    SOCKETS,
    STATUS,
    TRACING,
    Requirement,
    in_initial_user_namespace,
    lacking,
)
from .run_plan import RunPlan

INITIAL_PID_NAMESPACE: Final = 0xEFFFFFFC
"""Inode number of the initial pid namespace (PROC_PID_INIT_INO, linux/proc_ns.h)."""

PROC_REMEDY: Final = "run mount -t proc proc /proc"

HIDEPID: Final = re.compile(r"hidepid=(1|2|4|noaccess|invisible|ptraceable)\b")
GID: Final = re.compile(r"\bgid=(\d+)")


def check_host() -> None:
    """Raise HostError if a requirement of every run is missing."""
    for check in HOST_CHECKS.values():
        check()


def check_proc() -> None:
    """Raise HostError without /proc."""
    if not STATUS.exists():
        raise HostError(HostCode.PROCFS, f"/proc is not mounted; {PROC_REMEDY}")


def check_pid_namespace() -> None:
    """Raise HostError outside of the initial pid namespace: ids in events are those of it."""
    if Path("/proc/self/ns/pid").stat().st_ino != INITIAL_PID_NAMESPACE:
        raise HostError(
            HostCode.PID_NAMESPACE,
            "this is not the initial pid namespace; run it on the host (--pid=host)",
        )


def check_user_namespace() -> None:
    """Raise HostError outside of the initial user namespace."""
    if not in_initial_user_namespace():
        raise HostError(
            HostCode.PRIVILEGE,
            "this is not the initial user namespace, and capabilities in another do not allow"
            " tracing; run it on the host as root (--userns=host)",
        )


def check_time_namespace() -> None:
    """Raise HostError in a time namespace whose offset is unknown."""
    if namespace_offset() is None:
        raise HostError(
            HostCode.TIME_NAMESPACE,
            "this process is in another time namespace than its children, whose offset is unknown;"
            " run it in the initial time namespace, or by unshare --fork",
        )


def check_plan(plan: RunPlan) -> None:
    """Raise HostError if this process lacks what a part of the plan needs.

    Where that needs cgroups, enter the initial cgroup namespace.
    """
    for requirement in requirements(plan):
        require(requirement)
    if plan.kernel.track_containers or plan.kernel.track_packets:
        _enter_cgroup_namespace()


def _enter_cgroup_namespace() -> None:
    try:
        enter_initial_namespace()
    except OSError as error:
        raise HostError(
            HostCode.CGROUP,
            "containers and packets: this is not the initial cgroup namespace, which cannot be"
            f" entered ({error.strerror}); run it there (--cgroupns=host)",
        ) from error


def requirements(plan: RunPlan) -> Iterator[Requirement]:
    """Yield what the parts of a plan need."""
    tables, command = plan.kernel.tables, bool(plan.options.command)
    if tables.binary and not command:
        yield BINARY
    if tables.tracks_processes and not command and hides_processes():
        yield HIDDEN_PROCESSES
    if plan.kernel.track_packets:
        yield PACKETS
        if not command:
            yield SOCKETS
    if plan.at_start:
        yield FIRST_PROCESSES


def require(requirement: Requirement) -> None:
    """Raise HostError if this process lacks a capability of a requirement."""
    if missing := lacking(requirement):
        raise HostError(
            HostCode.PRIVILEGE,
            f"{requirement.feature}: needs {missing} {requirement.reason}; run it as root (sudo)",
        )


HOST_CHECKS: Final[Mapping[str, Callable[[], None]]] = {
    "/proc": check_proc,
    "pid namespace": check_pid_namespace,
    "user namespace": check_user_namespace,
    "time namespace": check_time_namespace,
    "capabilities for tracing": partial(require, TRACING),
    "lockdown": check_lockdown,
}
"""What every run needs, by name; host_check.py has the rest of what can be missing."""


def warnings(plan: RunPlan) -> Iterator[str]:
    """Yield a line for each part of the output that will be empty for want of a capability."""
    unreadable = [path for path in DATA_DIRECTORIES if not _readable(path)]
    if plan.needs.containers and unreadable and (missing := lacking(RUNTIMES)):
        yield f"{RUNTIMES.feature}: {unreadable[0]} cannot be read without {missing}"


def _readable(path: str) -> bool:
    exists = os.access(path, os.F_OK, effective_ids=True)
    return not exists or os.access(path, os.R_OK | os.X_OK, effective_ids=True)


def hides_processes(mounts: str | None = None) -> bool:
    """Whether /proc hides processes from users without CAP_SYS_PTRACE.

    ``mounts`` is the text of /proc/PID/mountinfo.
    """
    if mounts is None:
        mounts = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
    found = False
    for line in mounts.splitlines():
        fields, _, file_system = line.partition(" - ")
        if fields.split(" ")[4] == "/proc" and file_system.startswith("proc "):
            exempt = GID.search(file_system)
            groups = {*os.getgroups(), os.getegid()}
            hidden = HIDEPID.search(file_system)
            found = hidden is not None and not (exempt and int(exempt[1]) in groups)
    return found
