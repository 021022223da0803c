# SPDX-License-Identifier: Apache-2.0
"""Where system calls are met: at the end of all calls, or of the selected ones alone.

A tracepoint of one call costs the other calls less than one of all calls does, and a program at
the function of a call nothing.  But neither is passed by 32-bit calls (these have functions of
their own, and see ARCH_TRACE_IGNORE_COMPAT_SYSCALLS, arch/x86/include/asm/ftrace.h), so these
must be impossible, or not wanted.  Programs at functions can be preempted on some kernels, since
Linux 6.19 also those at such a tracepoint, and miss others then (features.py); those at the
perf event of all calls cannot.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import resource
from collections.abc import Sequence
from enum import Enum
from typing import Final

from ...events.catalogue import EventDefinition
from .features import has_function, preempts_functions, preempts_raw_tracepoints, types
from .fentry import allowed
from .tracepoints import Tracepoints

MOST: Final = 32
"""Calls with tracepoints of their own; for each of them the kernel keeps a perf event."""

KERNEL_NAMES: Final = {
    "stat": "newstat",
    "fstat": "newfstat",
    "lstat": "newlstat",
    "uname": "newuname",
    "sendfile": "sendfile64",
    "umount2": "umount",
}
"""Calls whose functions in the kernel are called otherwise."""

RETURNS_TWICE: Final = frozenset({"fork", "vfork", "clone", "clone3"})
"""In the child too, which does not come from the function."""

GETPID_32: Final = bytes.fromhex("53 b8 14 00 00 00 cd 80 5b c3")
"""push rbx; mov eax, 20; int 0x80; pop rbx; ret."""


class Rung(Enum):
    """What a call that nobody selected passes: the less, the higher."""

    FUNCTIONS = "fexit"
    """Nothing of ours: programs are at the functions of the selected calls (fentry, fexit)."""

    TRACEPOINTS = "tracepoints"
    """A tracepoint without a program."""

    ALL = "all"
    """A program, which looks at its number."""


def choose_rung(calls: Sequence[EventDefinition], *, compat: bool) -> tuple[Rung, str]:
    """Return the cheapest rung for syscalls hooked at exit, and the reason for the choice.

    ``compat`` asks for 32-bit calls too, which only ``Rung.ALL`` sees.
    """
    if not calls:
        return Rung.ALL, "no syscall is selected"
    if len(calls) > MOST:
        return Rung.ALL, f"more than {MOST} syscalls are selected"
    if preempts_raw_tracepoints():
        return Rung.ALL, "this kernel preempts programs at raw tracepoints"
    if not is_x86():
        return Rung.ALL, "hooks of single calls exist for x86-64 only"
    if compat and can_make_32_bit_calls():
        return Rung.ALL, "32-bit calls are possible here; --no-compat leaves them out"
    if _have_functions(calls):
        return Rung.FUNCTIONS, "the kernel allows fexit at the function of each call"
    if _have_tracepoints(calls):
        return Rung.TRACEPOINTS, "fexit is not available; each call has a tracepoint"
    return Rung.ALL, "a selected call has neither a function nor a tracepoint of its own"


def exit_point(call: EventDefinition) -> str:
    """Return the tracepoint that a call passes when it returns."""
    return f"syscalls:sys_exit_{KERNEL_NAMES.get(call.name, call.name)}"


def call_function(name: str) -> str | None:
    """Return the kernel's function of a call that BTF tells of, if there is one.

    One without arguments has two names (SYSCALL_DEFINE0), of which BTF has the other.
    """
    name = KERNEL_NAMES.get(name, name)
    return next(filter(has_function, (f"__x64_sys_{name}", f"__do_sys_{name}")), None)


def _have_functions(calls: Sequence[EventDefinition]) -> bool:
    functions = [call_function(call.name) for call in calls]
    first = functions[0]
    if first is None or None in functions or preempts_functions():
        return False
    return RETURNS_TWICE.isdisjoint(call.name for call in calls) and allowed(first, types())


def _have_tracepoints(calls: Sequence[EventDefinition]) -> bool:
    tracepoints = Tracepoints()
    try:
        return all(tracepoints.exists(exit_point(call)) for call in calls)
    finally:
        tracepoints.close()


def is_x86() -> bool:
    """Whether the names and the code here are those of this machine."""
    return platform.machine() == "x86_64"


def can_make_32_bit_calls() -> bool:
    """Whether this kernel takes 32-bit calls: a child makes one, and dies where it does not.

    The configuration does not tell: ``ia32_emulation=0`` switches them off at boot (6.7,
    a11e097504ac).
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        access = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        memory = mmap.mmap(-1, mmap.PAGESIZE, prot=access)
        memory.write(GETPID_32)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        os._exit(ctypes.CFUNCTYPE(ctypes.c_int)(address)() != os.getpid())
    finally:
        os._exit(1)
