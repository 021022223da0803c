# SPDX-License-Identifier: Apache-2.0
"""Kernel features that decide which hooks can be used.

Kernel functions are hooked by kprobes, which nearly every kernel has.  fentry and LSM programs
cost a traced process less, but need trampolines, and a kernel booted with ``lsm=...,bpf``.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Final

from ...containers.cgroups import UNIFIED, root_of
from ...errors import HostError
from ...events.catalogue import PACKETS, EventDefinition
from ...events.declarations import HookDeclaration
from ...events.function_events import AT_FUNCTIONS
from ..build.btf import Btf
from ..build.event_code import event_code, hook_points
from ..build.value_reads import MissingTypeError
from .kprobe_targets import NEVER_INLINED, why_not
from .tracefs import kernel_file, kernel_mount

KPROBES: Final = Path("/sys/bus/event_source/devices/kprobe/type")
"""Type of the perf events of kprobes: Linux v4.17, e12f03d7031a ("perf/core: Implement the
'perf_kprobe' PMU")."""

PREEMPTIBLE_TRACEPOINTS: Final = (6, 19)
"""The first release whose raw tracepoints may leave preemption on.

Since a46023d5616e ("tracing: Guard __DECLARE_TRACE() use of __DO_TRACE_CALL() with SRCU-fast").
While a program is preempted, the kernel does not run it for another task on that CPU: that event
is missed.  Programs at perf events (tracepoints, kprobes) still run with preemption off, but those
at tracepoints of single syscalls (syscalls:sys_enter_NAME) no longer do, as observed on 7.2.
"""

SELDOM_PREEMPTED: Final = re.compile(r"\((none|voluntary)\)")
"""Modes of the scheduler in which kernel code gives up the CPU only where it calls for it."""


def missing_feature(event: EventDefinition) -> str:
    """Return what this kernel lacks for an event; empty if it has everything."""
    if PACKETS & {*event.bases}:
        return (
            "" if root_of(UNIFIED) else "cgroup v2, mounted (mount -t cgroup2 none /sys/fs/cgroup)"
        )
    return next(filter(None, map(missing_type, event.hooks)), "")


@cache
def missing_type(declaration: HookDeclaration) -> str:
    """Return what this kernel lacks for a declared event; empty if it has everything."""
    if declaration.hook in AT_FUNCTIONS and not KPROBES.exists():
        return "kprobes (CONFIG_KPROBE_EVENTS=y)"
    try:
        event_code(declaration, types())
        points = hook_points(declaration, types())
    except MissingTypeError as error:
        return str(error)
    except HostError:
        return "BTF (CONFIG_DEBUG_INFO_BTF=y)"
    at_functions = points if declaration.hook in AT_FUNCTIONS else ()
    return next(filter(None, map(_unhookable, at_functions)), "")


def _unhookable(function: str) -> str:
    """Return what is wrong with a function for a kprobe; empty if nothing is."""
    if function.startswith(NEVER_INLINED):
        return ""
    reason = why_not(function)
    return f"the kernel function {function} ({reason})" if reason else ""


@cache
def has_function(name: str) -> bool:
    """Whether the kernel's BTF has a function; without BTF none can be hooked."""
    try:
        return types().function(name) is not None
    except HostError:
        return False


@cache
def types() -> Btf:
    """Return the kernel's BTF, read once."""
    return Btf()


def preempts_raw_tracepoints() -> bool:
    """Whether a program at a raw tracepoint can be preempted, by the kernel's release."""
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return release is not None and (int(release[1]), int(release[2])) >= PREEMPTIBLE_TRACEPOINTS


def preempts_functions() -> bool:
    """Whether a program at a kernel function (fentry, fexit) can be preempted, as its caller."""
    version = os.uname().version
    if "PREEMPT" not in version:
        return False
    return "PREEMPT_DYNAMIC" not in version or not SELDOM_PREEMPTED.search(_preemption_modes())


def uses_perf_events() -> bool:
    """Whether hooks are perf events instead of raw tracepoints; fork and exec need kprobes then.

    Without access to tracefs they cannot be: then raw tracepoints, whose programs may miss events.
    """
    return preempts_raw_tracepoints() and KPROBES.exists() and has_tracefs()


@cache
def has_tracefs() -> bool:
    """Whether this process can read tracefs, which has the numbers of tracepoints."""
    try:
        os.close(kernel_mount("tracefs"))
    except OSError:
        return False
    return True


def _preemption_modes() -> str:
    """Return the modes of a PREEMPT_DYNAMIC kernel, the current one in parentheses.

    Linux v5.13, 1011dcce99f8 ("sched,preempt: Move preempt_dynamic to debug.c").
    """
    return kernel_file("debugfs", "sched/preempt")
