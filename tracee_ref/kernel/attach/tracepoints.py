# SPDX-License-Identifier: Apache-2.0
"""Attaching of programs to tracepoints, with or without tracefs mounted."""

from __future__ import annotations

import os
from struct import pack
from typing import Final

from ...errors import HostCode, HostError
from ..build.refusal import refused
from .perf_events import attach_program, close_events
from .tracefs import kernel_mount

PERF_TYPE_TRACEPOINT: Final = 2
PERF_ATTR_SIZE: Final = 64


def open_tracefs() -> int:
    """Return a file descriptor of the root of tracefs; raises HostError."""
    try:
        return kernel_mount("tracefs")
    except OSError as error:
        raise HostError(
            HostCode.PRIVILEGE,
            f"tracefs: cannot be mounted or read ({error.strerror}), and tracepoints need it;"
            " grant CAP_SYS_ADMIN, or mount it at /sys/kernel/tracing, readable for this user",
        ) from error


class Tracepoints:
    """Programs at tracepoints; raises HostError where the kernel refuses."""

    def __init__(self) -> None:
        self._tracefs = open_tracefs()
        self._attached: list[int] = []

    def attach(self, point: str, program: int) -> None:
        """Attach a program (a file descriptor) to a tracepoint CATEGORY:NAME, on all CPUs."""
        number = self._id(point)
        if number is None:
            raise HostError(HostCode.KERNEL, f"tracepoint {point}: not in this kernel")
        attr = pack("=IIQ", PERF_TYPE_TRACEPOINT, PERF_ATTR_SIZE, number).ljust(
            PERF_ATTR_SIZE, b"\0"
        )
        try:
            self._attached.append(attach_program(attr, program))
        except OSError as error:
            reason = error.strerror or str(error)
            raise refused(f"tracepoint {point}", reason, error.errno or 0) from error

    def exists(self, point: str) -> bool:
        """Whether this kernel has the tracepoint CATEGORY:NAME."""
        return self._id(point) is not None

    def close(self) -> None:
        """Detach everything."""
        close_events(self._attached)
        os.close(self._tracefs)
        self._attached.clear()

    def _id(self, point: str) -> int | None:
        try:
            fd = os.open(f"events/{point.replace(':', '/')}/id", os.O_RDONLY, dir_fd=self._tracefs)
        except FileNotFoundError:
            return None
        with os.fdopen(fd) as file:
            return int(file.read())
