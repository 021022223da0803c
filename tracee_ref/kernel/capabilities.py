# SPDX-License-Identifier: Apache-2.0
"""Capabilities of this process, and what they are needed for."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path
from typing import Final, NamedTuple

STATUS: Final = Path("/proc/self/status")

INITIAL_USER_NAMESPACE: Final = 0xEFFFFFFD
"""Inode number of the initial user namespace (PROC_USER_INIT_INO, linux/proc_ns.h)."""


class Capability(IntEnum):
    """Capabilities by their numbers (linux/capability.h)."""

    CAP_DAC_READ_SEARCH = 2
    CAP_NET_ADMIN = 12
    CAP_SYS_PTRACE = 19
    CAP_SYS_ADMIN = 21
    CAP_SYS_RESOURCE = 24
    CAP_PERFMON = 38
    CAP_BPF = 39


PARTS_OF_SYS_ADMIN: Final = frozenset({Capability.CAP_BPF, Capability.CAP_PERFMON})
"""Split off in Linux v5.8, a17b53c4a4b5 ("bpf, capability: Introduce CAP_BPF")."""


class Requirement(NamedTuple):
    """Capabilities that a feature needs, and why."""

    feature: str
    capabilities: tuple[Capability, ...]
    reason: str


TRACING: Final = Requirement(
    "tracing", (Capability.CAP_BPF, Capability.CAP_PERFMON), "to load and attach BPF programs"
)
BINARY: Final = Requirement(
    "filters on binary, without a COMMAND",
    (Capability.CAP_SYS_PTRACE,),
    "to read /proc/PID/exe of processes that are running already",
)
HIDDEN_PROCESSES: Final = Requirement(
    "filters on binary, tree and follow, where /proc is mounted with hidepid",
    (Capability.CAP_SYS_PTRACE,),
    "to see all processes in /proc",
)
PACKETS: Final = Requirement(
    "packet events", (Capability.CAP_NET_ADMIN,), "to attach programs to a cgroup"
)
SOCKETS: Final = Requirement(
    "packet events, without a COMMAND",
    (Capability.CAP_SYS_PTRACE, Capability.CAP_DAC_READ_SEARCH, Capability.CAP_SYS_ADMIN),
    "to find the processes of open sockets in /proc/PID/fd, and their host names",
)
FIRST_PROCESSES: Final = Requirement(
    "init_namespaces and existing_container",
    (Capability.CAP_SYS_PTRACE, Capability.CAP_SYS_ADMIN),
    "to read namespaces and host names of processes",
)
RUNTIMES: Final = Requirement(
    "names and images of containers",
    (Capability.CAP_DAC_READ_SEARCH,),
    "to read the files of container runtimes, as another user than root",
)
REQUIREMENTS: Final = (
    TRACING, BINARY, HIDDEN_PROCESSES, PACKETS, SOCKETS, FIRST_PROCESSES, RUNTIMES,
)  # fmt: skip
"""All, for the documentation and for checks of a host."""


def effective(status: str | None = None) -> frozenset[Capability]:
    """Return the effective capabilities; ``status`` is the text of a /proc/PID/status.

    CAP_SYS_ADMIN includes those that were split off from it.
    """
    text = STATUS.read_text(errors="surrogateescape") if status is None else status
    mask = int(status_field(text, "CapEff") or "0", 16)
    found = {capability for capability in Capability if mask >> capability & 1}
    return frozenset(found | PARTS_OF_SYS_ADMIN if Capability.CAP_SYS_ADMIN in found else found)


def status_field(status: str, name: str) -> str:
    """Return a field of /proc/PID/status, empty if it has none."""
    for line in status.splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    return ""


def lacking(requirement: Requirement, have: Iterable[Capability] | None = None) -> str:
    """Return the names of the capabilities that this process lacks for a feature, or nothing."""
    owned = effective() if have is None else have
    return " and ".join(c.name for c in requirement.capabilities if c not in owned)


def in_initial_user_namespace() -> bool:
    """Whether the capabilities of this process are those of the host."""
    try:
        return Path("/proc/self/ns/user").stat().st_ino == INITIAL_USER_NAMESPACE
    except FileNotFoundError:  # a kernel without user namespaces
        return True
