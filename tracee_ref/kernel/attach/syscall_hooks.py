# SPDX-License-Identifier: Apache-2.0
"""Choice of the hook at the exit of syscalls: all of them, or the selected ones.

A tracepoint of a single syscall slows down other syscalls less than the tracepoint of all, and a
program at the syscall's function does not slow them down.  Neither sees 32-bit syscalls, which
have other functions, and see ARCH_TRACE_IGNORE_COMPAT_SYSCALLS in
arch/x86/include/asm/ftrace.h.  So they are used only where 32-bit syscalls are impossible or not
wanted.  Programs at functions can be preempted on some kernels, and since 6.19 also programs at
tracepoints of single syscalls; a preempted program misses other events (features.py).  Programs at
the perf event of all syscalls cannot.
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
from .features import has_function, has_tracefs, preempts_functions, preempts_raw_tracepoints, types
from .fentry import allows_fexit
from .tracepoints import Tracepoints

SINGLE_HOOKS_MAX: Final = 32
"""Syscalls with hooks of their own; each tracepoint needs a perf event."""

KERNEL_NAMES: Final = {
    "stat": "newstat",
    "fstat": "newfstat",
    "lstat": "newlstat",
    "uname": "newuname",
    "sendfile": "sendfile64",
    "umount2": "umount",
}
"""Syscalls whose kernel function has another name."""

NOT_AT_FUNCTIONS: Final = frozenset({"fork", "vfork", "clone", "clone3", "execve", "execveat"})
"""Syscalls that programs at functions cannot trace.

The first return in the child, too, where no function returns.  An exec that seccomp refuses needs
more programs than one, which the hook at seccomp's function cannot continue with.
"""

GETPID_32: Final = bytes.fromhex("53 b8 14 00 00 00 cd 80 5b c3")
"""push rbx; mov eax, 20; int 0x80; pop rbx; ret."""


class SyscallHook(Enum):
    """Hook at the exit of syscalls, cheapest first for the syscalls that are not selected."""

    FUNCTIONS = "fexit"
    """fexit at the functions of the selected syscalls."""

    TRACEPOINTS = "tracepoints"
    """Tracepoints of the selected syscalls."""

    ALL_SYSCALLS = "all"
    """The tracepoint of all syscalls, whose program looks up the number."""


def choose_syscall_hook(
    calls: Sequence[EventDefinition], *, compat: bool
) -> tuple[SyscallHook, str]:
    """Return the cheapest hook for the selected syscalls, and the reason for the choice.

    ``compat`` includes 32-bit syscalls, which only ``ALL_SYSCALLS`` sees.
    """
    if not calls:
        return SyscallHook.ALL_SYSCALLS, "no syscall is selected"
    if len(calls) > SINGLE_HOOKS_MAX:
        return SyscallHook.ALL_SYSCALLS, f"more than {SINGLE_HOOKS_MAX} syscalls are selected"
    if preempts_raw_tracepoints():
        return SyscallHook.ALL_SYSCALLS, "this kernel preempts programs at raw tracepoints"
    if not is_x86():
        return SyscallHook.ALL_SYSCALLS, "hooks of single syscalls exist for x86-64 only"
    if compat and can_make_32_bit_calls():
        return (
            SyscallHook.ALL_SYSCALLS,
            "32-bit syscalls are possible here; --no-compat leaves them out",
        )
    if _have_functions(calls):
        return SyscallHook.FUNCTIONS, "the kernel allows fexit at the function of each syscall"
    if _have_tracepoints(calls):
        return SyscallHook.TRACEPOINTS, "fexit is not available; each syscall has a tracepoint"
    return (
        SyscallHook.ALL_SYSCALLS,
        "a selected syscall has neither a function nor a tracepoint of its own",
    )


def exit_point(call: EventDefinition) -> str:
    """Return the tracepoint at the exit of a syscall."""
    return f"syscalls:sys_exit_{KERNEL_NAMES.get(call.name, call.name)}"


def entry_point(name: str) -> str:
    """Return the tracepoint at the entry of a syscall, by its name."""
    return f"syscalls:sys_enter_{KERNEL_NAMES.get(name, name)}"


def call_function(name: str) -> str | None:
    """Return the kernel function of a syscall; None if BTF has none.

    A syscall without arguments has an alias (SYSCALL_DEFINE0), which BTF lacks.
    """
    name = KERNEL_NAMES.get(name, name)
    return next(filter(has_function, (f"__x64_sys_{name}", f"__do_sys_{name}")), None)


def _have_functions(calls: Sequence[EventDefinition]) -> bool:
    functions = [call_function(call.name) for call in calls]
    first = functions[0]
    if first is None or None in functions or preempts_functions():
        return False
    return NOT_AT_FUNCTIONS.isdisjoint(call.name for call in calls) and allows_fexit(first, types())


def _have_tracepoints(calls: Sequence[EventDefinition]) -> bool:
    if not has_tracefs():
        return False
    tracepoints = Tracepoints()
    try:
        return all(tracepoints.exists(exit_point(call)) for call in calls)
    finally:
        tracepoints.close()


def is_x86() -> bool:
    """Whether the function names and the machine code of this module fit this machine."""
    return platform.machine() == "x86_64"


def can_make_32_bit_calls() -> bool:
    """Whether the kernel accepts 32-bit syscalls; a child tries one and is killed otherwise.

    The kernel's configuration is not enough: ``ia32_emulation=0`` disables them at boot (Linux
    v6.7, a11e097504ac ("x86: Make IA32_EMULATION boot time configurable")).
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
