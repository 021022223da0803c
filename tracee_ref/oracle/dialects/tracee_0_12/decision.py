# SPDX-License-Identifier: Apache-2.0
"""Mask of an event through all stages, from its process to the printer.

Tracee v0.12 facts, 3.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....model.facts import Event, Process
from ...reference.known_events import SIGNATURES
from .events import ALWAYS_SENT, BASES, DERIVED, OUTSIDE_PIPELINE, UNFILTERED_DERIVED, Table
from .kernel import Kernel
from .scope import Tracee012Scope
from .userland import keeps


class Tracee012Pipeline:
    """A run of Tracee v0.12 with some scopes."""

    def __init__(self, scopes: Sequence[Tracee012Scope]) -> None:
        self.scopes = scopes
        self.kernel = Kernel.of(scopes)
        self.table = Table.of(scopes)

    def mask(self, event: Event, base: Event | None = None) -> int:
        """Return the mask that is printed with an event, 0 if it is not printed.

        A derived or signature event came from `base`; None is one without arguments.  Events
        outside of the pipeline are printed with mask 0 (Tracee v0.12 facts, 3.11).
        """
        if event.name in OUTSIDE_PIPELINE:
            return 0
        emitted = self.table.emit.get(event.name, 0)
        return emitted and self._stages(event, base) & emitted

    def _stages(self, event: Event, base: Event | None) -> int:
        if event.name in DERIVED:
            source = base or _base_of(DERIVED[event.name], event)
            mask = self._kernel_mask(source)
            passes = event.name in UNFILTERED_DERIVED or self._userland_mask(event, mask)
            return mask if passes else 0  # sent with the mask of its base (Tracee v0.12 facts, 3.8)
        if event.name in SIGNATURES:
            source = base or _base_of(SIGNATURES[event.name][0], event)
            return self._userland_mask(
                event, self._userland_mask(source, self._kernel_mask(source))
            )
        mask = self._kernel_mask(event)
        return mask if event.name in BASES else self._userland_mask(event, mask)

    def _kernel_mask(self, event: Event) -> int:
        """Return the mask sent by the kernel, less container filters that do not hold."""
        mask = self.table.sent(event.name, self.kernel.mask(event.process))
        if event.process.container is None and event.name not in ALWAYS_SENT:
            mask &= ~sum(scope.bit for scope in self.scopes if scope.requires_container)
        return mask

    def _userland_mask(self, event: Event, mask: int) -> int:
        """Clear the scopes of which a filter on the event fails.

        Tracee v0.12 facts, 3.1 and 3.10.
        """
        if event.name in BASES:
            return mask
        return mask & sum(scope.bit for scope in self.scopes if keeps(scope, event))

    def process_mask(self, process: Process) -> int:
        """Return the scopes that match a process, whatever the event."""
        return self.kernel.mask(process)


def _base_of(name: str, event: Event) -> Event:
    """Return the base of an event, with only the context of the event."""
    fields = {key: shown for key, shown in event.fields.items() if key[0] == "context"}
    return Event(name, event.process, fields)
