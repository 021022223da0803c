# SPDX-License-Identifier: Apache-2.0
"""Causes of what the kernel refuses, so that each error names its own."""

from __future__ import annotations

import errno
import os
import re
import resource
from pathlib import Path
from typing import Final

from ...errors import EXHAUSTED, HostCode, HostError
from ..capabilities import STATUS, TRACING, Capability, effective, lacking, status_field

LOCKDOWN: Final = Path("/sys/kernel/security/lockdown")
MODULES: Final = Path("/sys/kernel/security/lsm")
CONFIDENTIALITY: Final = "confidentiality"
READ_HELPER: Final = "bpf_probe_read_kernel"
"""Helper that the verifier does not know in that mode, from users who may load programs."""

LOCKED_DOWN: Final = (
    "kernel lockdown forbids BPF programs to read kernel memory; boot with lockdown=integrity or"
    " lockdown=none"
)

SECCOMP_FILTERS: Final = "2"
"""Mode in /proc/PID/status of a process with seccomp filters."""

DENIED: Final = (errno.EPERM, errno.EACCES)

CHARGED_TO_CGROUPS: Final = (5, 11)
"""The first release that does not limit BPF maps by RLIMIT_MEMLOCK: 80ee81e0403c ("bpf: Eliminate
rlimit-based memory accounting infra for bpf maps")."""


def refused(what: str, reason: str, error: int = 0) -> HostError:
    """Return the error of something that the kernel refused, with the cause if it is found.

    ``reason`` is the kernel's own, ``error`` the errno.
    """
    if error in EXHAUSTED:
        return HostError(HostCode.EXHAUSTED, f"{what}: {EXHAUSTED[error]}")
    found = LOCKED_DOWN if READ_HELPER in reason else cause(error)
    return HostError(
        HostCode.REFUSED, f"{what}: refused by the kernel ({reason})" + (found and f": {found}")
    )


def check_lockdown() -> None:
    """Raise HostError if kernel lockdown is known to forbid tracing.

    Where securityfs is not mounted, the refusal of a program shows it.
    """
    if lockdown_mode() == CONFIDENTIALITY:
        raise HostError(HostCode.REFUSED, LOCKED_DOWN)


def cause(error: int) -> str:
    """Return the cause of a refusal with an errno, and its remedy; empty if it is unknown."""
    seccomp = status_field(STATUS.read_text(errors="surrogateescape"), "Seccomp")
    if error == errno.ENOSYS:
        filtered = "a seccomp filter hides bpf() or perf_event_open(); " + UNFILTERED
        return filtered if seccomp == SECCOMP_FILTERS else "the kernel has no CONFIG_BPF_SYSCALL=y"
    if error == errno.EACCES and is_paranoid() and Capability.CAP_SYS_ADMIN not in effective():
        return PARANOID
    return _cause_of_denial(seccomp) if error in DENIED else ""


UNFILTERED: Final = "run it without one (docker: --security-opt seccomp=unconfined)"


PERF_EVENTS: Final = Path("/proc/sys/kernel/perf_event_paranoid")
PARANOID: Final = (
    "kernel.perf_event_paranoid above 2 forbids perf_event_open() to whoever lacks CAP_SYS_ADMIN;"
    " run sysctl kernel.perf_event_paranoid=2, or grant it"
)
"""Debian's 5.10 has such values, which CAP_PERFMON does not lift."""


def is_paranoid() -> bool:
    """Whether the setting has a value that only patched kernels know."""
    text = _content(PERF_EVENTS)
    return text.isdigit() and int(text) > 2


def _cause_of_denial(seccomp: str) -> str:
    if missing := lacking(TRACING):
        return f"this process lacks {missing}; run it with sudo"
    if memory_is_limited():
        return "locked memory is limited; run 'ulimit -l unlimited', or grant CAP_SYS_RESOURCE"
    if seccomp == SECCOMP_FILTERS:
        return "a seccomp filter forbids it; " + UNFILTERED
    modules = _content(MODULES) or "unknown"
    return f"a security module forbids it (active: {modules}); allow bpf for this process"


def lockdown_mode(text: str | None = None) -> str:
    """Return the mode of kernel lockdown, ``none`` without; ``text`` is that of the file."""
    found = re.search(r"\[(\w+)\]", _content(LOCKDOWN) if text is None else text)
    return found[1] if found else "none"


def memory_is_limited() -> bool:
    """Whether BPF maps must fit into the limit of locked memory, and it cannot be raised."""
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if release is None or (int(release[1]), int(release[2])) >= CHARGED_TO_CGROUPS:
        return False
    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    return not unlimited and Capability.CAP_SYS_RESOURCE not in effective()


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
