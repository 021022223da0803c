"""Where system calls are met: at the end of all calls, or of the selected ones alone.

A tracepoint of one call costs the other calls less than one of all calls does.  But it is not
passed by 32-bit calls (ARCH_TRACE_IGNORE_COMPAT_SYSCALLS, arch/x86/include/asm/ftrace.h), so these
must be impossible, or not wanted.  And since Linux 7.0 its programs can be preempted, and miss
others then (preemption.py); those at the perf event of all calls cannot.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import resource
from collections.abc import Sequence
from typing import Final

from ..catalogue import EventDefinition
from .preemption import preempts_raw_tracepoints
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

GETPID_32: Final = bytes.fromhex("53 b8 14 00 00 00 cd 80 5b c3")
"""push rbx; mov eax, 20; int 0x80; pop rbx; ret."""


def exit_points(calls: Sequence[EventDefinition], *, compat: bool) -> list[str]:
    """Return the tracepoints that the calls pass when they return.

    Empty where all calls must be watched instead: too many are selected, one has no
    tracepoint, its programs can be preempted, or 32-bit calls (``compat``) are wanted and
    possible.
    """
    points = [f"syscalls:sys_exit_{KERNEL_NAMES.get(call.name, call.name)}" for call in calls]
    if not 0 < len(points) <= MOST or preempts_raw_tracepoints() or not is_x86():
        return []
    if compat and can_make_32_bit_calls():
        return []
    tracepoints = Tracepoints()
    try:
        return points if all(map(tracepoints.exists, points)) else []
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
