# SPDX-License-Identifier: Apache-2.0
"""Selected events of the kernel side, by the way in which they are hooked."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from ..events.catalogue import EventDefinition, all_events
from ..events.function_events import CALL_ENDS, CGROUPS, EVERY_SYSCALL, RAW_TRACEPOINT_EVENTS


class SelectedEvents:
    """Events that a scope selected, or that a selected event needs.

    ``syscalls`` are hooked at syscalls, ``functions`` at kernel functions, ``raw_tracepoints`` at
    the raw tracepoint of their name, of which ``cgroups`` are some, ``syscall_exits`` at the exit
    of other syscalls, ``every_syscall`` at all syscalls, ``probes`` at tracepoints that the user
    chose.
    """

    def __init__(self, names: Iterable[str], catalogue: Mapping[str, EventDefinition]) -> None:
        events = [catalogue[name] for name in names]
        self._names = frozenset(event.name for event in events)
        self.syscalls = [event for event in events if event.syscall]
        self.functions = [event for event in events if event.functions]
        self.raw_tracepoints = named(RAW_TRACEPOINT_EVENTS, self._names)
        self.cgroups = named(CGROUPS, self._names)
        self.syscall_exits = named(CALL_ENDS, self._names)
        self.probes = [event for event in events if event.hook is not None]
        self.every_syscall = named(EVERY_SYSCALL, self._names)
        self.sockets = any(name.startswith("security_socket_") for name in self._names)

    def selects(self, *names: str) -> bool:
        """Whether at least one of the events is selected."""
        return not self._names.isdisjoint(names)

    def reason(self, *names: str) -> str:
        """Return the selected events among ``names``, as the reason for a hook."""
        selected = [name for name in names if name in self._names]
        return f"event {', '.join(selected)}" if selected else ""


def named(names: Iterable[str], selected: Container[str]) -> list[EventDefinition]:
    """Return the events of ``names`` that are selected, in that order."""
    return [all_events()[name] for name in names if name in selected]
