# SPDX-License-Identifier: Apache-2.0
"""Empty BPF programs on the tracer's hooks: the kernel's own cost of a hook."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from struct import pack
from typing import Final

from tracee_ref.kernel.attach.tracepoints import Tracepoints
from tracee_ref.kernel.build.bpf_syscall import SYS_BPF

PROG_LOAD: Final = 5
RAW_TRACEPOINT_OPEN: Final = 17
TRACEPOINT, RAW_TRACEPOINT = 5, 17
"""enum bpf_prog_type, linux/bpf.h."""

RETURN_0: Final = pack("=BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0)

_libc = ctypes.CDLL(None, use_errno=True)


def bpf(command: int, attributes: bytes) -> int:
    """Call bpf(2) with the first bytes of its union; return the result, or raise OSError."""
    number = SYS_BPF[os.uname().machine]
    result: int = _libc.syscall(number, command, attributes, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def load(kind: int) -> int:
    """Load a program that returns 0; return its fd."""
    code, license_ = ctypes.create_string_buffer(RETURN_0), ctypes.create_string_buffer(b"GPL")
    addresses = ctypes.addressof(code), ctypes.addressof(license_)
    return bpf(PROG_LOAD, pack("=IIQQ", kind, 2, *addresses).ljust(120, b"\0"))


@contextmanager
def raw_tracepoints(*points: str) -> Iterator[None]:
    """Attach the program to raw tracepoints during a block."""
    program, attached = load(RAW_TRACEPOINT), []
    names = [ctypes.create_string_buffer(point.encode()) for point in points]
    try:
        for name in names:
            attributes = pack("=QI4x", ctypes.addressof(name), program)
            attached.append(bpf(RAW_TRACEPOINT_OPEN, attributes))
        yield
    finally:
        for fd in [*attached, program]:
            os.close(fd)


@contextmanager
def tracepoint(point: str) -> Iterator[None]:
    """Attach the program to the perf event of a tracepoint, CATEGORY:NAME, during a block."""
    program, tracepoints = load(TRACEPOINT), Tracepoints()
    try:
        tracepoints.attach(point, program)
        yield
    finally:
        tracepoints.close()
        os.close(program)
