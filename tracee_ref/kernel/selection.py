# SPDX-License-Identifier: Apache-2.0
"""Selected events of the kernel side, by the way in which they are hooked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..events.catalogue import EventDefinition
from ..events.declarations import HookDeclaration, HookType
from ..events.function_events import AT_FUNCTIONS, EVERY_SYSCALL


class SelectedEvents:
    """Events that a scope selected, or that a selected event needs.

    ``syscalls`` are hooked at syscalls, ``every_syscall`` at all syscalls, ``functions`` at kernel
    functions, ``probes`` at tracepoints that the user chose.
    """

    def __init__(self, names: Iterable[str], catalogue: Mapping[str, EventDefinition]) -> None:
        events = [catalogue[name] for name in names]
        self._names = frozenset(event.name for event in events)
        self.syscalls = [event for event in events if event.syscall]
        self.functions = [event for event in events if event.functions]
        self.probes = [event for event in events if event.hook is not None]
        self.every_syscall = [event for event in events if event.name in EVERY_SYSCALL]
        self._declared = [event.declaration for event in events if event.declaration]

    def declared(self, *hooks: HookType) -> list[HookDeclaration]:
        """Return the declared events at some types of hooks; without any, at all."""
        return [event for event in self._declared if not hooks or event.hook in hooks]

    @property
    def at_functions(self) -> list[HookDeclaration]:
        """Return the declared events at kernel functions."""
        return self.declared(*AT_FUNCTIONS)

    def selects(self, *names: str) -> bool:
        """Whether at least one of the events is selected."""
        return not self._names.isdisjoint(names)

    def reason(self, *names: str) -> str:
        """Return the selected events among ``names``, as the reason for a hook."""
        selected = [name for name in names if name in self._names]
        return f"event {', '.join(selected)}" if selected else ""
