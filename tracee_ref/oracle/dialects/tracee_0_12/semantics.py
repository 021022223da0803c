# SPDX-License-Identifier: Apache-2.0
"""Implementation of ``reference.semantics.Semantics`` for Tracee v0.12."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ....decode.argument_text import ArgumentFormatter
from ....model.facts import Event, Process
from ....model.filters import FieldKey, Key
from ...reference.semantics import Uses, union
from .decision import Tracee012Pipeline
from .events import OUTSIDE_PIPELINE
from .flags import read_scopes
from .scope import Tracee012Scope


class Tracee012Semantics:
    """The semantics of Tracee v0.12 for the scopes of some flags."""

    exec_makes_new = True
    """An exec makes a process new (Tracee v0.12 facts, 2.5)."""

    thread_makes_followed = True
    """A new thread of a matching process makes the process followed (Tracee v0.12 facts, 2.6)."""

    printed_with_zero_mask = OUTSIDE_PIPELINE

    def __init__(self, flags: Sequence[str]) -> None:
        self.scopes = read_scopes(flags)
        self.uses = uses_of(self.scopes)
        self.pipeline = Tracee012Pipeline(self.scopes)

    def mask(self, event: Event, base: Event | None = None) -> int:
        """Return the mask that is printed with an event."""
        return self.pipeline.mask(event, base)

    def process_mask(self, process: Process) -> int:
        """Return the mask that the BPF programs compute for a process."""
        return self.pipeline.process_mask(process)

    def needs_raw(
        self, event: str, key: FieldKey, printed: bytes, printer: ArgumentFormatter | None
    ) -> int:
        """Return the scopes with a filter on the field: only raw values count.

        Tracee v0.12 facts, 3.5.
        """
        del printed, printer
        return union(scope.bit for scope in self.scopes if key in scope.fields.get(event, {}))


def uses_of(scopes: Sequence[Tracee012Scope]) -> Uses:
    """Return the facts that `scopes` compare."""
    binaries = [scope.binary for scope in scopes if scope.binary]
    return Uses(
        keys={key: bits for key in Key if (bits := filtering(scopes, key))},
        new_pid=any(scope.new_pid for scope in scopes),
        new_container=any(scope.new_container for scope in scopes),
        follow=union(scope.bit for scope in scopes if scope.follow),
        binaries=frozenset(key for filter_ in binaries for key in filter_.equal | filter_.unequal),
        trees=frozenset(pid for scope in scopes for pid in scope.tree),
        fields=fields_of(scopes),
        events={
            name: union(scope.bit for scope in scopes if name in scope.events)
            for name in {name for scope in scopes for name in scope.events}
        },
    )


def filtering(scopes: Iterable[Tracee012Scope], key: Key) -> int:
    """Return the mask of scopes with a filter of a kind."""
    return union(scope.bit for scope in scopes if has_filter(scope, key))


def has_filter(scope: Tracee012Scope, key: Key) -> bool:
    """Whether a scope has a filter of a kind."""
    if key is Key.CONTAINER:
        return bool(scope.container_id or scope.new_container)
    if key is Key.IN_CONTAINER:
        return bool(scope.container)
    if key is Key.PID:
        return bool(scope.pid or scope.new_pid)
    return bool(getattr(scope, key.value))


def fields_of(scopes: Iterable[Tracee012Scope]) -> dict[str, dict[FieldKey, int]]:
    """Return event -> filtered field -> mask of scopes that filter it."""
    found: dict[str, dict[FieldKey, int]] = {}
    for scope in scopes:
        for event, filters in scope.fields.items():
            masks = found.setdefault(event, {})
            masks |= {key: masks.get(key, 0) | scope.bit for key in filters}
    return found
