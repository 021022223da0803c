# SPDX-License-Identifier: Apache-2.0
"""Attaching of programs to offsets in programs and libraries by uprobes."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

from ..build.refusal import refused
from .perf_events import attach_program, close_events

UPROBES: Final = Path("/sys/bus/event_source/devices/uprobe/type")
"""Type of the perf events of uprobes: Linux v4.17, 33ea4b24277b ("perf/core: Implement the
'perf_uprobe' PMU")."""

ATTRIBUTES: Final = Struct("=IIQ40xQQ")
"""``struct perf_event_attr``: type, size, config, address of the path, offset in the file."""

AT_RETURN: Final = 1
SEMAPHORE_SHIFT: Final = 32
"""In config: the return of a function, and from here the offset of a semaphore."""


class UserPoint(NamedTuple):
    """An offset in a file, and that of the semaphore that tells the program that it is traced."""

    path: str
    offset: int
    semaphore: int = 0
    at_return: bool = False


class Uprobes:
    """Programs at files; raises HostError where the kernel refuses."""

    def __init__(self) -> None:
        self._type = int(UPROBES.read_text())
        self._attached: list[int] = []

    def attach(self, point: UserPoint, program: int) -> None:
        """Attach a program (a file descriptor) to a file, for all processes."""
        path = ctypes.create_string_buffer(os.fsencode(point.path))
        config = point.semaphore << SEMAPHORE_SHIFT | (AT_RETURN if point.at_return else 0)
        numbers = (self._type, ATTRIBUTES.size, config, ctypes.addressof(path), point.offset)
        try:
            self._attached.append(attach_program(ATTRIBUTES.pack(*numbers), program))
        except OSError as error:
            reason = error.strerror or str(error)
            what = f"uprobe {point.path} at offset {point.offset:#x}"
            raise refused(what, reason, error.errno or 0) from error

    def close(self) -> None:
        """Detach everything."""
        close_events(self._attached)
        self._attached.clear()
