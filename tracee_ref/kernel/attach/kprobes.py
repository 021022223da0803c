# SPDX-License-Identifier: Apache-2.0
"""Attaching programs to the beginning of kernel functions, without tracefs."""

from __future__ import annotations

import ctypes
from struct import Struct
from typing import Final

from ...errors import HostCode, HostError
from .features import KPROBES
from .perf_events import leave, run_at

ATTRIBUTES: Final = Struct("=IIQ40xQQ")
"""``struct perf_event_attr``: type, size, config, then where the function's name and offset are."""


class Kprobes:
    """Programs at functions; raises HostError where the kernel refuses."""

    def __init__(self) -> None:
        self._type = int(KPROBES.read_text())
        self._attached: list[int] = []

    def attach(self, function: str, program: int) -> None:
        """Run the program (a file descriptor) whenever the function is called, on any CPU."""
        name = ctypes.create_string_buffer(function.encode())
        at = ctypes.addressof(name)
        try:
            fd = run_at(ATTRIBUTES.pack(self._type, ATTRIBUTES.size, 0, at, 0), program)
        except OSError as error:
            raise HostError(
                HostCode.REFUSED,
                f"kprobe {function}: refused by the kernel ({error.strerror});"
                " tracing needs root, CAP_BPF and CAP_PERFMON",
            ) from error
        self._attached.append(fd)

    def close(self) -> None:
        """Detach everything."""
        leave(self._attached)
        self._attached.clear()
