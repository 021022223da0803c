# SPDX-License-Identifier: Apache-2.0
"""An event's mask from its process to the printer, all stages together (section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from model.facts import Event, Process

from ...reference.known_events import SIGNATURES
from .events import BASES, DERIVED, OUTSIDE, UNCHECKED, UNMASKED, Table
from .kernel import Kernel
from .scope import Scope
from .userland import keeps


class Pipeline:
    """A run of v0.12.0 with its scopes."""

    def __init__(self, scopes: Sequence[Scope]) -> None:
        self.scopes = scopes
        self.kernel = Kernel.of(scopes)
        self.table = Table.of(scopes)

    def mask(self, event: Event, base: Event | None = None) -> int:
        """Return the mask that is printed with an event, 0 if the event is not.

        ``base`` is what a derived or signature event came from; without it that has no
        arguments.  Events outside of the pipeline are printed with mask 0 (section 3.11).
        """
        if event.name in OUTSIDE:
            return 0
        emitted = self.table.emit.get(event.name, 0)
        return emitted and self._stages(event, base) & emitted

    def _stages(self, event: Event, base: Event | None) -> int:
        if event.name in DERIVED:
            source = base or _of(DERIVED[event.name], event)
            mask = self._taken_in(source)
            checked = event.name in UNCHECKED or self._kept(event, mask)
            return mask if checked else 0  # sent as the base was (section 3.8)
        if event.name in SIGNATURES:
            source = base or _of(SIGNATURES[event.name][0], event)
            return self._kept(event, self._kept(source, self._taken_in(source)))
        mask = self._taken_in(event)
        return mask if event.name in BASES else self._kept(event, mask)

    def _taken_in(self, event: Event) -> int:
        """Return the mask as the kernel sends it, without false positives of containers."""
        mask = self.table.sent(event.name, self.kernel.mask(event.process))
        if event.process.container is None and event.name not in UNMASKED:
            mask &= ~sum(one.bit for one in self.scopes if one.asks_for_containers)
        return mask

    def _kept(self, event: Event, mask: int) -> int:
        """Sections 3.1 and 3.10: take out the scopes whose filters on the event do not hold."""
        if event.name in BASES:
            return mask
        return mask & sum(one.bit for one in self.scopes if keeps(one, event))

    def process_mask(self, process: Process) -> int:
        """Return the scopes that match a process, whatever the event."""
        return self.kernel.mask(process)


def _of(name: str, event: Event) -> Event:
    """Return what an event came from, as far as the event itself tells: its context."""
    fields = {key: shown for key, shown in event.fields.items() if key[0] == "context"}
    return Event(name, event.process, fields)
