# SPDX-License-Identifier: Apache-2.0
"""Running a BPF program at a perf event: a tracepoint or a kprobe."""

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


def run_at(attributes: bytes, program: int) -> int:
    """Run a program (a file descriptor) whenever the event happens, on any CPU.

    ``attributes`` are a ``struct perf_event_attr``.  Return the descriptor of the event, which
    ends with it; raises OSError.
    """
    # Programs of such events run on all CPUs, whichever the event is opened on.
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


def leave(events: Sequence[int]) -> None:
    """Close perf events whose programs have nothing to do any more.

    The kernel waits for every task to be out of each of them, 50 ms an event.  So the last
    descriptors are those of a child, which the kernel may keep waiting.
    """
    if not events:
        return
    closed, closing = os.pipe()
    if os.fork() == 0:
        kept = sorted([closed, *events])
        for low, high in zip([-1, *kept], [*kept, 1 << 20], strict=True):
            os.closerange(low + 1, high)
        os.read(closed, 1)
        os._exit(0)
    for fd in [closed, *events, closing]:
        os.close(fd)
