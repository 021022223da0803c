# SPDX-License-Identifier: Apache-2.0
"""Interface to the semantics of flags: the model, or a dialect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Protocol

from ...decode.argument_text import ArgumentFormatter
from ...events.probe_names import is_pattern
from ...filters.parse import parse_filters
from ...filters.requests import requested_probes
from ...model.facts import Event, Process
from ...model.filters import Binary, EventField, FieldKey, Key, New, Pattern
from ...model.match import matched_scopes, process_filters_hold
from ...model.scope import Scope
from .known_events import any_event, known_events


@dataclass(frozen=True, slots=True)
class Uses:
    """What filters compare; no other facts need to be resolved.

    ``keys`` maps each kind of filter on processes to the scopes that have one.  ``new_pid`` and
    ``new_container`` are set if a filter compares with ``new``.  ``fields`` maps each event to
    its filtered fields and the scopes that filter them, ``events`` each event to the scopes
    that selected it.  ``binaries`` are the values of ``binary`` filters, ``trees`` the process ids
    of ``tree`` filters, ``follow`` the scopes with that filter.
    """

    keys: Mapping[Key, int] = field(default_factory=dict)
    new_pid: bool = False
    new_container: bool = False
    follow: int = 0
    binaries: frozenset[Binary] = frozenset()
    trees: frozenset[int] = frozenset()
    fields: Mapping[str, Mapping[FieldKey, int]] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)

    @property
    def process_state(self) -> bool:
        """Whether a filter needs facts that only forks, execs and exits carry."""
        binary_or_tree = Key.BINARY in self.keys or Key.TREE in self.keys
        return binary_or_tree or self.new_pid or self.follow != 0


class Semantics(Protocol):
    """The meaning of some flags: from the facts of an event to its mask."""

    uses: Uses
    exec_makes_new: bool
    thread_makes_followed: bool
    printed_with_zero_mask: frozenset[str]

    def mask(self, event: Event, base: Event | None = None) -> int:
        """Return the mask of an event; `base` is the event that a derived event came from."""

    def process_mask(self, process: Process) -> int:
        """Return the scopes whose filters on the process all hold."""

    def needs_raw(
        self, event: str, key: FieldKey, printed: bytes, printer: ArgumentFormatter | None
    ) -> int:
        """Return the scopes that are undecidable by the printed form of a field."""


class ModelSemantics:
    """The semantics of the model (docs/reference/semantics.md)."""

    exec_makes_new = False
    """An exec does not make a process new (rule 9)."""

    thread_makes_followed = False
    """A new thread does not make its process followed (rule 13)."""

    printed_with_zero_mask: frozenset[str] = frozenset()
    """An event that no scope matches is not printed (rule 2)."""

    def __init__(self, scopes: Sequence[Scope]) -> None:
        self.scopes = scopes
        self.uses = uses_of(scopes)

    def mask(self, event: Event, base: Event | None = None) -> int:
        """Return the mask of an event; its base does not count (rule 15)."""
        del base
        return matched_scopes(self.scopes, event)

    def process_mask(self, process: Process) -> int:
        """Return the scopes whose filters on the process all hold (rule 14: none of the tracer)."""
        if process.tracer:
            return 0
        return sum(scope.bit for scope in self.scopes if process_filters_hold(scope, process))

    def needs_raw(
        self, event: str, key: FieldKey, printed: bytes, printer: ArgumentFormatter | None
    ) -> int:
        """Return the scopes with a number, or a pattern of digits, for the field (rule 7)."""
        field_key = (event, *key)
        conditions = (
            (scope.bit, condition.value)
            for scope in self.scopes
            for condition in scope.conditions
            if isinstance(condition.key, EventField)
            and (condition.key.event, condition.key.part.value, condition.key.name) == field_key
        )
        return union(bit for bit, value in conditions if compares_raw(value, printed, printer))


def compares_raw(value: object, printed: bytes, printer: ArgumentFormatter | None) -> bool:
    """Whether `value` may match a raw number printed as `printed`, but not its printed form."""
    if not isinstance(value, Pattern):
        return True
    digits = value.text.removeprefix(b"-")
    if not digits.isdigit():
        return False
    return not value.exact or printer is None or printer(int(value.text)).encode() == printed


def union(masks: Iterable[int]) -> int:
    """Return the bitwise OR of `masks`."""
    return reduce(or_, masks, 0)


def model_semantics(flags: Sequence[str]) -> ModelSemantics:
    """Return the model's semantics of `flags`; raise UsageError for an invalid flag."""
    named = {name: any_event(name) for name in requested_probes(flags) if not is_pattern(name)}
    return ModelSemantics(parse_filters(flags, {**known_events(), **named}))


def uses_of(scopes: Sequence[Scope]) -> Uses:
    """Return the facts that `scopes` compare."""
    conditions = [condition for scope in scopes for condition in scope.conditions]
    values = [condition.value for condition in conditions]
    new = {condition.key for condition in conditions if isinstance(condition.value, New)}
    keys = {key for scope in scopes for key in scope.process}
    events = {name for scope in scopes for name in scope.events}
    return Uses(
        keys={key: union(s.bit for s in scopes if key in s.process) for key in keys},
        new_pid=Key.PID in new,
        new_container=Key.CONTAINER in new,
        follow=union(scope.bit for scope in scopes if scope.follow),
        binaries=frozenset(value for value in values if isinstance(value, Binary)),
        trees=frozenset(
            condition.value
            for condition in conditions
            if condition.key is Key.TREE and isinstance(condition.value, int)
        ),
        fields={name: fields_of(scopes, name) for s in scopes for name in s.fields},
        events={name: union(s.bit for s in scopes if name in s.events) for name in events},
    )


def fields_of(scopes: Iterable[Scope], event: str) -> dict[FieldKey, int]:
    """Return the filtered fields of `event`, each with the mask of scopes that filter it."""
    filtered = [(key, scope.bit) for scope in scopes for key, _ in scope.fields.get(event, ())]
    return {
        key: union(bit for other, bit in filtered if other == key) for key, _ in sorted(filtered)
    }
