# SPDX-License-Identifier: Apache-2.0
"""Attaching of programs to kernel functions by fentry and fexit.

The kernel patches a call of the BPF trampoline into the function (Linux v5.5, fec56f5890d9 ("bpf:
Introduce BPF trampoline")), so other functions do not become slower.
"""

from __future__ import annotations

import os
from typing import Final

from ..build.btf import Btf
from ..build.compiler import INSTRUCTION
from ..build.libbpf import libbpf
from ..build.program import PROGRAM_TYPES, load_options
from ..build.refusal import refused
from .perf_events import close_events

EMPTY_PROGRAM: Final = bytes.fromhex("b7000000 00000000 95000000 00000000")
"""r0 = 0; exit."""


class Trampolines:
    """Programs at functions; raises HostError where the kernel refuses."""

    def __init__(self) -> None:
        self._attached: list[int] = []

    def attach(self, function: str, program: int) -> None:
        """Attach a program (a file descriptor) to the function that it was loaded for."""
        fd: int = libbpf().bpf_raw_tracepoint_open(None, program)
        if fd < 0:
            raise refused(function, os.strerror(-fd), -fd)
        self._attached.append(fd)

    def close(self) -> None:
        """Detach everything."""
        close_events(self._attached)
        self._attached.clear()


def allows_fexit(function: str, btf: Btf) -> bool:
    """Whether the kernel can attach fexit programs to a function, by attaching an empty one."""
    number, options = PROGRAM_TYPES["FEXIT"], load_options("FEXIT", btf.function(function) or 0)
    size = len(EMPTY_PROGRAM) // INSTRUCTION.size
    fd: int = libbpf().bpf_prog_load(number, b"empty", b"GPL", EMPTY_PROGRAM, size, options)
    if fd < 0:
        return False
    link: int = libbpf().bpf_raw_tracepoint_open(None, fd)
    for descriptor in (fd, link):
        if descriptor >= 0:
            os.close(descriptor)
    return link >= 0
