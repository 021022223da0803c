# SPDX-License-Identifier: Apache-2.0
"""Perf events that run a BPF program: tracepoints and kprobes."""

from __future__ import annotations

import ctypes
import fcntl
import os
from collections.abc import Sequence
from typing import Final

SYS_PERF_EVENT_OPEN: Final = {"x86_64": 298, "aarch64": 241}
FLAG_FD_CLOEXEC: Final = 8
IOC_ENABLE: Final = 0x2400
IOC_SET_BPF: Final = 0x40042408

_libc = ctypes.CDLL(None, use_errno=True)


def attach_program(attributes: bytes, program: int) -> int:
    """Open a perf event that runs a program (a file descriptor); return its descriptor.

    ``attributes`` are a ``struct perf_event_attr``.  Closing the descriptor detaches the program.
    Raises OSError.
    """
    # The event is opened on CPU 0, but programs of tracepoints and kprobes run on all CPUs.
    number = SYS_PERF_EVENT_OPEN[os.uname().machine]
    fd: int = _libc.syscall(number, attributes, -1, 0, -1, FLAG_FD_CLOEXEC)
    if fd < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    try:
        fcntl.ioctl(fd, IOC_SET_BPF, program)
        fcntl.ioctl(fd, IOC_ENABLE, 0)
    except OSError:
        os.close(fd)
        raise
    return fd


def close_events(events: Sequence[int]) -> None:
    """Close perf events without waiting for the kernel.

    Closing the last descriptor of an event waits for a grace period, some 50 ms.  So a forked
    child holds the last descriptors, and waits.
    """
    if not events:
        return
    try:
        closed, closing = os.pipe()
        child = os.fork()
    except OSError:  # no descriptor or process is left
        for fd in events:
            os.close(fd)
        return
    if child == 0:
        kept = sorted([closed, *events])
        for low, high in zip([-1, *kept], [*kept, 1 << 20], strict=True):
            os.closerange(low + 1, high)
        os.read(closed, 1)
        os._exit(0)
    for fd in [closed, *events, closing]:
        os.close(fd)
