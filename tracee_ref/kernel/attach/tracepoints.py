# SPDX-License-Identifier: Apache-2.0
"""Attaching a program to one tracepoint, without a tracefs at its usual place."""

from __future__ import annotations

import os
from struct import pack
from typing import Final

from ...errors import HostCode, HostError
from .perf_events import leave, run_at
from .tracefs import private_mount

PERF_TYPE_TRACEPOINT: Final = 2
PERF_ATTR_SIZE: Final = 64


class Tracepoints:
    """Attaches programs to tracepoints."""

    def __init__(self) -> None:
        try:
            self._tracefs = private_mount("tracefs")
        except OSError as error:
            raise _refused(error) from error
        self._attached: list[int] = []

    def attach(self, point: str, program: int) -> None:
        """Run the program (a file descriptor) whenever the tracepoint is hit, on any CPU.

        ``point`` is CATEGORY:NAME.
        """
        number = self._id(point.replace(":", "/"))
        if number is None:
            raise HostError(HostCode.KERNEL, f"tracepoint {point}: not in this kernel")
        attr = pack("=IIQ", PERF_TYPE_TRACEPOINT, PERF_ATTR_SIZE, number).ljust(
            PERF_ATTR_SIZE, b"\0"
        )
        try:
            self._attached.append(run_at(attr, program))
        except OSError as error:
            raise _refused(error) from error

    def exists(self, point: str) -> bool:
        """Whether this kernel has the tracepoint CATEGORY:NAME."""
        return self._id(point.replace(":", "/")) is not None

    def close(self) -> None:
        """Detach everything."""
        leave(self._attached)
        os.close(self._tracefs)
        self._attached.clear()

    def _id(self, place: str) -> int | None:
        try:
            fd = os.open(f"events/{place}/id", os.O_RDONLY, dir_fd=self._tracefs)
        except FileNotFoundError:
            return None
        with os.fdopen(fd) as file:
            return int(file.read())


def _refused(error: OSError) -> HostError:
    return HostError(
        HostCode.REFUSED,
        f"tracepoints: refused by the kernel ({error.strerror}); tracing needs root",
    )
