# SPDX-License-Identifier: Apache-2.0
"""The dialect behind the interface of the oracle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from model.facts import Event, Process
from model.filters import FieldKey, Key

from ....decode.argument_text import PrinterOf
from ...reference.semantics import Uses, union
from .decision import Pipeline
from .events import OUTSIDE
from .flags import read_scopes
from .scope import Scope


class Tracee012Semantics:
    """Tracee v0.12.0 with the scopes of some flags."""

    exec_makes_new = True
    """Section 2.5: an exec makes a process new."""

    thread_makes_followed = True
    """Section 2.6: a new thread of a matching process makes that followed."""

    printed_with_zero_mask = OUTSIDE

    def __init__(self, flags: Sequence[str]) -> None:
        self.scopes = read_scopes(flags)
        self.uses = uses_of(self.scopes)
        self.pipeline = Pipeline(self.scopes)

    def mask(self, event: Event, base: Event | None = None) -> int:
        """Return what is printed with an event."""
        return self.pipeline.mask(event, base)

    def process_mask(self, process: Process) -> int:
        """Return what the kernel side makes of a process."""
        return self.pipeline.process_mask(process)

    def needs_raw(
        self, event: str, key: FieldKey, printed: bytes, printer: PrinterOf | None
    ) -> int:
        """Section 3.5: only raw values are compared."""
        del printed, printer
        return union(one.bit for one in self.scopes if key in one.fields.get(event, {}))


def uses_of(scopes: Sequence[Scope]) -> Uses:
    """Return what the scopes look at."""
    binaries = [one.binary for one in scopes if one.binary]
    return Uses(
        keys={key: bits for key in Key if (bits := asking(scopes, key))},
        new_pid=any(one.new_pid for one in scopes),
        new_container=any(one.new_container for one in scopes),
        follow=union(one.bit for one in scopes if one.follow),
        binaries=frozenset(one for of in binaries for one in of.equal | of.unequal),
        trees=frozenset(pid for one in scopes for pid in one.tree),
        fields=fields_of(scopes),
        events={
            name: union(one.bit for one in scopes if name in one.events)
            for name in {name for one in scopes for name in one.events}
        },
    )


def asking(scopes: Iterable[Scope], key: Key) -> int:
    """Return the scopes with a filter of a kind."""
    return union(one.bit for one in scopes if asks(one, key))


def asks(scope: Scope, key: Key) -> bool:
    """Whether a scope has a filter of a kind."""
    if key is Key.CONTAINER:
        return bool(scope.container_id or scope.new_container)
    if key is Key.IN_CONTAINER:
        return bool(scope.container)
    if key is Key.PID:
        return bool(scope.pid or scope.new_pid)
    return bool(getattr(scope, key.value))


def fields_of(scopes: Iterable[Scope]) -> dict[str, dict[FieldKey, int]]:
    """Return the fields that any scope filters, by event, and which scopes do."""
    found: dict[str, dict[FieldKey, int]] = {}
    for scope in scopes:
        for event, filters in scope.fields.items():
            of = found.setdefault(event, {})
            of |= {key: of.get(key, 0) | scope.bit for key in filters}
    return found
