# SPDX-License-Identifier: Apache-2.0
"""Attaching of programs to the entry of kernel functions by kprobes."""

from __future__ import annotations

import ctypes
from struct import Struct
from typing import Final

from ..build.refusal import refused
from .features import KPROBES
from .perf_events import attach_program, close_events

ATTRIBUTES: Final = Struct("=IIQ40xQQ")
"""``struct perf_event_attr``: type, size, config, address of the function's name, offset."""


class Kprobes:
    """Programs at functions; raises HostError where the kernel refuses."""

    def __init__(self) -> None:
        self._type = int(KPROBES.read_text())
        self._attached: list[int] = []

    def attach(self, function: str, program: int) -> None:
        """Attach a program (a file descriptor) to a kernel function, on all CPUs."""
        name = ctypes.create_string_buffer(function.encode())
        address = ctypes.addressof(name)
        try:
            fd = attach_program(
                ATTRIBUTES.pack(self._type, ATTRIBUTES.size, 0, address, 0), program
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise refused(f"kprobe {function}", reason, error.errno or 0) from error
        self._attached.append(fd)

    def close(self) -> None:
        """Detach everything."""
        close_events(self._attached)
        self._attached.clear()
