# SPDX-License-Identifier: Apache-2.0
"""Tracepoints of this kernel, from tracefs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from ...errors import did_you_mean
from ...events.catalogue import ArgumentDefinition, EventDefinition
from ...events.probe_hooks import TracepointHook
from ...events.probe_names import ProbeKind, ProbeName
from ...events.record_formats import read_format
from ..attach.tracepoints import open_tracefs
from .source import ProbeSource

PREFIX: Final = f"{ProbeKind.TRACEPOINT.value}:"
ENABLE: Final = "enable"
"""File of a tracepoint that programs can be attached to; those of the group ftrace have none."""

DIRECTORY_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class TracepointSource(ProbeSource):
    """Tracepoints as tracefs has them."""

    @cached_property
    def _tracefs(self) -> int:
        return open_tracefs()

    def names(self, pattern: ProbeName) -> Iterator[str]:
        """Yield the names that a pattern stands for; it may end within the group."""
        prefix = pattern.text[:-1]
        for group in self._entries("events"):
            if f"{group}:".startswith(prefix) or prefix.startswith(f"{group}:"):
                points = (f"{group}:{name}" for name in self._entries(f"events/{group}"))
                found = (p for p in points if p.startswith(prefix) and self._exists(p))
                yield from (f"{PREFIX}{point}" for point in found)

    def event(self, probe: ProbeName, number: int) -> EventDefinition | None:
        """Return the event at a tracepoint: its arguments are the fields of the record."""
        point = probe.text
        if not self._exists(point):
            return None
        path = f"events/{point.replace(':', '/')}/format"
        with os.fdopen(os.open(path, os.O_RDONLY, dir_fd=self._tracefs)) as file:
            hook = TracepointHook(point, read_format(file.read()))
        arguments = tuple(
            ArgumentDefinition(field.name, field.type, field.shape, field.element)
            for field in hook.fields
        )
        name = f"{PREFIX}{point}"
        return EventDefinition(number, name, False, frozenset(), arguments, True, hook=hook)

    def remedy(self, probe: ProbeName) -> str:
        """Return the nearest name."""
        every = ProbeName(ProbeKind.TRACEPOINT, "*", "", "*")
        near = did_you_mean(f"{PREFIX}{probe.text}", self.names(every))
        return f"this kernel has no such tracepoint{near}"

    def close(self) -> None:
        """Close tracefs."""
        if "_tracefs" in self.__dict__:
            os.close(self._tracefs)

    def _exists(self, point: str) -> bool:
        return os.access(
            f"events/{point.replace(':', '/')}/{ENABLE}", os.F_OK, dir_fd=self._tracefs
        )

    def _entries(self, path: str) -> list[str]:
        """Return the names in a directory in alphabetical order, none of a file."""
        try:
            directory = os.open(path, DIRECTORY_FLAGS, dir_fd=self._tracefs)
        except NotADirectoryError:
            return []
        with os.scandir(directory) as entries:
            names = sorted(entry.name for entry in entries)
        os.close(directory)
        return names
