# SPDX-License-Identifier: Apache-2.0
"""Programs at the beginning and the end of kernel functions: fentry and fexit (Linux 5.5).

The kernel puts a call of the program into the function itself, so that no other function pays.
"""

from __future__ import annotations

import os
from typing import Final

from ...errors import HostCode, HostError
from ..build.btf import Btf
from ..build.compiler import INSTRUCTION
from ..build.libbpf import libbpf
from ..build.program import ATTACH_TYPES, PROGRAM_TYPES, load_options
from .perf_events import leave

AT_FUNCTIONS: Final = frozenset(ATTACH_TYPES)

NOTHING: Final = bytes.fromhex("b7000000 00000000 95000000 00000000")
"""r0 = 0; exit."""


class Trampolines:
    """Programs at functions; raises HostError where the kernel refuses."""

    def __init__(self) -> None:
        self._attached: list[int] = []

    def attach(self, function: str, program: int) -> None:
        """Run the program (a file descriptor) at the function that it was loaded for."""
        fd: int = libbpf().bpf_raw_tracepoint_open(None, program)
        if fd < 0:
            raise HostError(
                HostCode.REFUSED, f"{function}: no program can be put there ({os.strerror(-fd)})"
            )
        self._attached.append(fd)

    def close(self) -> None:
        """Detach everything."""
        leave(self._attached)
        self._attached.clear()


def allowed(function: str, btf: Btf) -> bool:
    """Whether this kernel lets us put a program at the end of a function: one is put there."""
    number, options = PROGRAM_TYPES["FEXIT"], load_options("FEXIT", btf.function(function) or 0)
    size = len(NOTHING) // INSTRUCTION.size
    fd: int = libbpf().bpf_prog_load(number, b"nothing", b"GPL", NOTHING, size, options)
    if fd < 0:
        return False
    link: int = libbpf().bpf_raw_tracepoint_open(None, fd)
    for each in (fd, link):
        if each >= 0:
            os.close(each)
    return link >= 0
