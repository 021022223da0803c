# SPDX-License-Identifier: Apache-2.0
"""Requirements of tracing, their states and remedies: ``--check-host``.

The checks are those of a run, in its order: what raises HostError at the start of a run is missing
here.  What tracing works without, for some events or filters, is a limit.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from json import dumps
from pathlib import Path
from typing import Final

from .containers.cgroups import UNIFIED, root_of
from .errors import HostError
from .kernel.attach.features import KPROBES, has_tracefs, types
from .kernel.attach.syscall_hooks import can_make_32_bit_calls
from .kernel.build.cache import directory, opened_directory
from .kernel.build.compiler import bcc_version, import_bcc
from .kernel.build.libbpf import libbpf
from .kernel.build.probe import attach_empty_program
from .kernel.build.refusal import memory_is_limited
from .kernel.capabilities import HIDDEN_PROCESSES, REQUIREMENTS, TRACING, Requirement, lacking
from .privileges import HOST_CHECKS, PROC_REMEDY, hides_processes

OK, LIMITED, MISSING = "ok", "limited", "missing"

LOWEST_KERNEL: Final = (5, 10)
LOWEST_PYTHON: Final = (3, 10)
TESTED_BCC: Final = ((0, 26), (0, 31))
"""The versions of Debian 12 and 13."""

LIBRARIES: Final = re.compile(r"lib(?:LLVM|clang-cpp)[-.\w]*\.so[.\d]*")


@dataclass(frozen=True, slots=True)
class RequirementState:
    """The state of a requirement: what was found, what is not possible, and the remedy."""

    name: str
    state: str
    found: str
    limits: str = ""
    remedy: str = ""

    def line(self) -> str:
        """Return the finding as a line."""
        parts = (self.found, self.limits and f"without {self.limits}", self.remedy)
        return f"{self.state:<8} {self.name}: {'; '.join(filter(None, parts))}"


Check = Callable[[], RequirementState | None]
"""Returns None if the requirement does not apply here."""


def check_python() -> RequirementState:
    """Check the version of Python."""
    found = f"{platform.python_version()} ({sys.executable})"
    old = sys.version_info < LOWEST_PYTHON
    return _required("python", found, "use Python 3.10 or later" if old else "")


def check_machine() -> RequirementState:
    """Check the processor."""
    machine = os.uname().machine
    if machine == "aarch64":
        return RequirementState(
            "machine", LIMITED, machine, "any test: programs are only compiled for it"
        )
    return _required("machine", machine, "" if machine == "x86_64" else "use an x86-64 machine")


def check_kernel() -> RequirementState:
    """Check the release of the kernel."""
    release = os.uname().release
    found = re.match(r"(\d+)\.(\d+)", release)
    old = found is None or (int(found[1]), int(found[2])) < LOWEST_KERNEL
    return _required("kernel", f"Linux {release}", "boot Linux 5.10 or later" if old else "")


def check_hidden_processes() -> RequirementState:
    """Check that /proc shows the processes of all users."""
    if hides_processes() and lacking(HIDDEN_PROCESSES):
        remedy = "grant CAP_SYS_PTRACE, or mount /proc without hidepid"
        return RequirementState(
            "processes in /proc", LIMITED, "hidden", "those of other users", remedy
        )
    return RequirementState("processes in /proc", OK, "all are visible")


def check_start(name: str, check: Callable[[], None]) -> RequirementState:
    """Check what a run checks first; a run ends with the same message."""
    try:
        check()
    except HostError as error:
        return _missing(name, error)
    return RequirementState(name, OK, "as needed")


def check_capabilities(requirement: Requirement) -> RequirementState:
    """Check the capabilities that a part of the tracer needs."""
    name = f"capabilities for {requirement.feature}"
    if missing := lacking(requirement):
        remedy = f"run it as root (sudo), or grant {missing}"
        return RequirementState(name, LIMITED, f"no {missing}", requirement.feature, remedy)
    names = (capability.name for capability in requirement.capabilities)
    return RequirementState(name, OK, ", ".join(names))


def check_memlock() -> RequirementState:
    """Check the limit of locked memory."""
    if memory_is_limited():
        remedy = "run 'ulimit -l unlimited', or grant CAP_SYS_RESOURCE"
        return RequirementState("memlock", MISSING, "BPF maps are limited", "", remedy)
    return RequirementState("memlock", OK, "no limit for BPF maps")


def check_setting(name: str, meaning: str) -> RequirementState | None:
    """Report a setting of the kernel that holds for users without the capabilities."""
    try:
        value = Path("/proc/sys/kernel", name).read_text(encoding="ascii").strip()
    except OSError:
        return None
    return RequirementState(name, OK, f"{value} ({meaning})")


def check_btf() -> RequirementState:
    """Check the kernel's types."""
    try:
        types()
    except HostError as error:
        return _missing("btf", error)
    return RequirementState("btf", OK, "/sys/kernel/btf/vmlinux")


def check_libbpf() -> RequirementState:
    """Check the library that loads programs."""
    try:
        libbpf()
    except HostError as error:
        return _missing("libbpf", error)
    return RequirementState("libbpf", OK, "libbpf.so.1")


def check_bcc() -> RequirementState:
    """Check BCC and the compiler in it."""
    try:
        import_bcc()
    except HostError as error:
        return _missing("bcc", error)
    maps = Path("/proc/self/maps").read_text(errors="surrogateescape")
    libraries = sorted(set(LIBRARIES.findall(maps)))
    found = f"{bcc_version()} with {', '.join(libraries) or 'LLVM inside'}"
    lowest, highest = TESTED_BCC
    numbers = tuple(map(int, re.findall(r"\d+", bcc_version())[:2]))
    if not lowest <= numbers <= highest:
        return RequirementState("bcc", LIMITED, found, "any test: 0.26 to 0.31 are tested", "")
    return RequirementState("bcc", OK, found)


def check_programs() -> RequirementState:
    """Compile, load and attach a program that reads kernel memory."""
    try:
        attach_empty_program()
    except HostError as error:
        return _missing("bpf programs", error)
    return RequirementState(
        "bpf programs", OK, "compiled, loaded, and attached to a raw tracepoint"
    )


def check_tracefs() -> RequirementState:
    """Check access to tracefs."""
    if has_tracefs():
        return RequirementState("tracefs", OK, "readable")
    limits = "events that use tracepoints: execve, execveat, exit, exit_group, rt_sigreturn"
    remedy = "grant CAP_SYS_ADMIN, or mount it at /sys/kernel/tracing, readable for this user"
    return RequirementState("tracefs", LIMITED, "not readable", limits, remedy)


def check_kprobes() -> RequirementState:
    """Check for kprobes."""
    if KPROBES.exists():
        return RequirementState("kprobes", OK, "available")
    remedy = "boot a kernel with CONFIG_KPROBE_EVENTS=y"
    return RequirementState(
        "kprobes", LIMITED, "none", "events of kernel functions (--list)", remedy
    )


def check_cgroup2() -> RequirementState:
    """Check for cgroup v2."""
    if path := root_of(UNIFIED):
        return RequirementState("cgroup2", OK, f"mounted at {path}")
    remedy = "mount -t cgroup2 none /sys/fs/cgroup"
    return RequirementState("cgroup2", LIMITED, "not mounted", "packet events", remedy)


def check_compat() -> RequirementState:
    """Report whether 32-bit calls are possible."""
    possible = can_make_32_bit_calls()
    return RequirementState("32-bit system calls", OK, "possible" if possible else "not possible")


def check_cache() -> RequirementState:
    """Check the directory of compiled programs."""
    path = directory()
    try:
        with opened_directory(path):
            return RequirementState("program cache", OK, path)
    except OSError as error:
        found = f"{path}: {error.strerror or error}"
    except Exception as error:
        found = f"{path}: {error}"
    return RequirementState(
        "program cache", LIMITED, found, "quick starts", "set TRACEE_REF_PROGRAMS"
    )


def _required(name: str, found: str, remedy: str) -> RequirementState:
    return RequirementState(name, MISSING if remedy else OK, found, "", remedy)


def _missing(name: str, error: HostError) -> RequirementState:
    found, _, remedy = str(error).partition("; ")
    return RequirementState(name, MISSING, found, "", remedy)


OTHER_REQUIREMENTS: Final = [
    need for need in REQUIREMENTS if need not in (TRACING, HIDDEN_PROCESSES)
]
NO_PROC: Final = RequirementState("/proc", MISSING, "/proc is not mounted", "", PROC_REMEDY)
CHECKS: Final[Sequence[Check]] = (
    check_python,
    check_machine,
    check_kernel,
    *(partial(check_start, name, check) for name, check in HOST_CHECKS.items()),
    check_hidden_processes,
    *(partial(check_capabilities, need) for need in OTHER_REQUIREMENTS),
    check_memlock,
    partial(check_setting, "unprivileged_bpf_disabled", "the tracer has CAP_BPF"),
    partial(check_setting, "perf_event_paranoid", "the tracer has CAP_PERFMON"),
    check_libbpf,
    check_btf,
    check_bcc,
    check_programs,
    check_tracefs,
    check_kprobes,
    check_cgroup2,
    check_compat,
    check_cache,
)
"""All requirements, in the order in which a run needs them."""


def findings() -> Iterator[RequirementState]:
    """Yield the state of each requirement that applies here; without /proc, nothing after it."""
    for check in CHECKS:
        if finding := check():
            yield finding
            if finding == NO_PROC:
                return


def report(form: str) -> tuple[str, bool]:
    """Return the report as text or JSON, and whether tracing works."""
    found = list(findings())
    works = all(finding.state != MISSING for finding in found)
    if form == "json":
        return dumps({"works": works, "requirements": [asdict(f) for f in found]}, indent=1), works
    count = sum(finding.state == MISSING for finding in found)
    last = "tracing works here" if works else f"tracing does not work here: {count} missing"
    return "\n".join([*(finding.line() for finding in found), last]), works
