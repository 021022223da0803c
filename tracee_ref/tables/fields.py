# SPDX-License-Identifier: Apache-2.0
"""Tables of the per-event filters that the kernel side can apply.

These are filters on return values of syscalls, and on string arguments of syscalls and hooks.
They clear a scope's bit only where the model does too.  Other filters (a string in the middle or
at the end, a number in its symbolic form) are left to user space, which evaluates all per-event
filters of every event again (rule 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..abi import ARGUMENTS_MAX
from ..events.argument_types import shape_of
from ..events.catalogue import EventDefinition, all_events
from ..events.function_events import SYS_EXIT
from ..events.shapes import Shape
from ..model.facts import Event, FieldValue, Process
from ..model.match import field_filters_hold
from ..model.scope import Condition, EventField, Op, Part, Pattern, Scope
from .intervals import ALL_SCOPES, Intervals

STRING_BYTES: Final = 252
"""Bytes of a string, NUL included, that the kernel side compares: with the argument's index
before them they fill a key of an LPM trie (LPM_DATA_SIZE_MAX, kernel/bpf/lpm_trie.c)."""

MAX_INTERVALS: Final = 64
"""Intervals of return values per event; scopes that need more are left to user space."""

S64_MIN, S64_MAX = -(1 << 63), (1 << 63) - 1
ANY_PROCESS: Final = Process()

ANY_OTHER: Final = b"\0"
"""Stands for a string in no filter: no flag can contain a NUL."""

Group: TypeAlias = Sequence[tuple[Scope, tuple[Condition, ...]]]
"""The scopes with conditions on one field, each with these conditions."""


@dataclass(frozen=True, slots=True)
class StringMasks:
    """The masks of a string argument; a key is a prefix, or a whole string with its NUL.

    A string has the mask of the longest key that it begins with, its NUL included; ``otherwise``
    if there is none, and ``absent`` if it could not be read.
    """

    accept: Mapping[bytes, int]
    otherwise: int
    absent: int


@dataclass(frozen=True, slots=True)
class FieldTables:
    """Return values by event, in one column of signed numbers; strings by event and index."""

    retvals: Mapping[str, Intervals]
    strings: Mapping[tuple[str, int], StringMasks]


def compile_fields(
    scopes: Sequence[Scope], catalogue: Mapping[str, EventDefinition] | None = None
) -> FieldTables:
    """Return the tables of the scopes; ``catalogue`` has the events of the run."""
    events = all_events() if catalogue is None else catalogue
    retvals: dict[str, Intervals] = {}
    strings: dict[tuple[str, int], StringMasks] = {}
    for field, group in _by_field(scopes).items():
        event = events.get(field.event)
        if event is None or not _is_filtered(event):
            continue
        if field.part is Part.RETVAL and (event.syscall or event.name == SYS_EXIT):
            retvals[event.name] = retval_intervals(field, group)
        for index, argument in enumerate(event.args[:ARGUMENTS_MAX]):
            named = field.part is Part.ARGS and field.name == argument.name
            if named and shape_of(event.name, argument) is Shape.STRING:
                strings[event.name, index] = argument_strings(field, group)
    return FieldTables(retvals, strings)


def _is_filtered(event: EventDefinition) -> bool:
    """Whether the programs of an event apply filters on its fields."""
    return bool(event.syscall or event.declaration or event.name == SYS_EXIT or event.hook)


def retval_intervals(field: EventField, group: Group) -> Intervals:
    """Return the masks of all return values, signed numbers of 64 bits."""
    kept: list[Scope] = []
    bounds = {S64_MIN}
    for scope, conditions in group:
        extended = bounds | _bounds(conditions)
        if len(extended) <= MAX_INTERVALS:
            kept.append(_with_conditions(scope, conditions))
            bounds = extended
    ordered = sorted(bounds)
    values = (FieldValue(value, b"%d" % value) for value in ordered)
    return Intervals(ordered, [[_evaluated(ALL_SCOPES, kept, field, value) for value in values]])


def argument_strings(field: EventField, group: Group) -> StringMasks:
    """Return the masks of a string argument (rule 7).

    Between a key and the next longer one only the scopes with the longer one can differ.
    """
    users: dict[bytes, list[Scope]] = {}
    evaluated = [_with_conditions(scope, enforced(conditions)) for scope, conditions in group]
    for scope in evaluated:
        for condition in scope.conditions:
            assert isinstance(condition.value, Pattern)
            users.setdefault(key_of(condition.value), []).append(scope)
    otherwise = _evaluated(ALL_SCOPES, evaluated, field, _string(ANY_OTHER))
    accept: dict[bytes, int] = {}
    shorter: list[bytes] = []
    for key in sorted(users):
        while shorter and not key.startswith(shorter[-1]):
            shorter.pop()
        mask = accept[shorter[-1]] if shorter else otherwise
        accept[key] = _evaluated(mask, users[key], field, _string(example_of(key)))
        shorter.append(key)
    return StringMasks(accept, otherwise, ALL_SCOPES - sum(scope.bit for scope, _ in group))


def enforced(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return the conditions that keys can express; all alternatives or none (rule 4)."""
    equal = [condition for condition in conditions if condition.op is Op.EQ]
    other = [condition for condition in conditions if condition.op is Op.NE]
    alternatives = equal if all(map(_expressible, equal)) else []
    return (*alternatives, *filter(_expressible, other))


def key_of(pattern: Pattern) -> bytes:
    """Return the key that a string begins with, its NUL included, if it matches the pattern."""
    return pattern.text + (b"" if pattern.open_end else b"\0")


def example_of(key: bytes) -> bytes:
    """Return a string whose longest key is this one, whatever other keys exist."""
    return key.removesuffix(b"\0") if key.endswith(b"\0") else key + ANY_OTHER


def _by_field(scopes: Iterable[Scope]) -> dict[EventField, Group]:
    groups: dict[EventField, list[tuple[Scope, tuple[Condition, ...]]]] = {}
    for scope in scopes:
        own: dict[EventField, list[Condition]] = {}
        for condition in scope.conditions:
            if isinstance(condition.key, EventField):
                own.setdefault(condition.key, []).append(condition)
        for field, conditions in own.items():
            groups.setdefault(field, []).append((scope, tuple(conditions)))
    return {**groups}


def _with_conditions(scope: Scope, conditions: Iterable[Condition]) -> Scope:
    """Return the scope with only these conditions."""
    return Scope(scope.number, scope.events, frozenset(conditions))


def _evaluated(mask: int, scopes: Iterable[Scope], field: EventField, value: FieldValue) -> int:
    """Return the mask with the bits of these scopes as the model has them for a value."""
    event = Event(field.event, ANY_PROCESS, {(field.part.value, field.name): value})
    for scope in scopes:
        holds = field.event not in scope.fields or field_filters_hold(scope, event)
        mask = mask | scope.bit if holds else mask & ~scope.bit
    return mask


def _bounds(conditions: Iterable[Condition]) -> set[int]:
    """Return the values where a result can change: those in filters, and the next ones."""
    values = {c.value for c in conditions if type(c.value) is int}
    return values | {value + 1 for value in values if value < S64_MAX}


def _expressible(condition: Condition) -> bool:
    value = condition.value
    return (
        isinstance(value, Pattern) and not value.open_start and len(key_of(value)) <= STRING_BYTES
    )


def _string(text: bytes) -> FieldValue:
    return FieldValue(text, text)
