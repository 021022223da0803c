# SPDX-License-Identifier: Apache-2.0
"""Attaching of programs to the entry and return of kernel functions by kprobes."""

from __future__ import annotations

import ctypes
from struct import Struct
from typing import Final

from ..build.refusal import refused
from .features import KPROBES
from .kprobe_targets import why_not
from .perf_events import attach_program, close_events

ATTRIBUTES: Final = Struct("=IIQ40xQQ")
"""``struct perf_event_attr``: type, size, config, address of the function's name, offset."""

AT_RETURN: Final = 1
"""In the configuration of the perf event (format/retprobe of the PMU)."""


class Kprobes:
    """Programs at functions; raises HostError where the kernel refuses."""

    def __init__(self) -> None:
        self._type = int(KPROBES.read_text())
        self._attached: list[int] = []

    def attach(self, function: str, program: int, *, at_return: bool = False) -> None:
        """Attach a program (a file descriptor) to a kernel function, on all CPUs."""
        name = ctypes.create_string_buffer(function.encode())
        address = ctypes.addressof(name)
        try:
            attributes = (self._type, ATTRIBUTES.size, AT_RETURN * at_return, address, 0)
            fd = attach_program(ATTRIBUTES.pack(*attributes), program)
        except OSError as error:
            reason = why_not(function) or error.strerror or str(error)
            kind = "kretprobe" if at_return else "kprobe"
            raise refused(f"{kind} {function}", reason, error.errno or 0) from error
        self._attached.append(fd)

    def close(self) -> None:
        """Detach everything."""
        close_events(self._attached)
        self._attached.clear()
