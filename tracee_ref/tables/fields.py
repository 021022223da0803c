# SPDX-License-Identifier: Apache-2.0
"""Tables for filters on fields: what a system call returned, and texts of calls and hooks.

They take away a scope only where the model does too; what they cannot express (rule 6: a text
in the middle or at the end, a number in its printed form) is left to user space, which judges
every event again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from model.facts import Event, Process, Shown
from model.match import fields_hold
from model.scope import Condition, EventField, Op, Part, Pattern, Scope

from ..events.argument_types import Shape, shape_of
from ..events.catalogue import all_events
from ..events.function_events import RAW_EVENTS
from .intervals import ALL, Intervals

TEXT_ROOM: Final = 252
"""Bytes of a text with its NUL that the kernel side compares: with the number of the argument
before them they fill a key of an LPM trie (LPM_DATA_SIZE_MAX, kernel/bpf/lpm_trie.c)."""

MAX_STRETCHES: Final = 64
"""Stretches of return values per event; scopes that would need more are left to user space."""

S64_MIN, S64_MAX = -(1 << 63), (1 << 63) - 1
NOBODY: Final = Process()

ANY_OTHER: Final = b"\0"
"""Stands for any text that no flag mentions: no flag can hold a NUL."""

Group: TypeAlias = Sequence[tuple[Scope, tuple[Condition, ...]]]
"""The scopes with conditions on one field, and these."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The masks of one argument; a key is the beginning of texts, or a text with its NUL.

    The longest key that a text (with its NUL) begins with gives the mask, ``otherwise`` that of
    texts without one; ``absent`` are the scopes that a text which was not read leaves.
    """

    accept: Mapping[bytes, int]
    otherwise: int
    absent: int


@dataclass(frozen=True, slots=True)
class FieldTables:
    """Return values by event, in one column over the signed line; texts by event and place."""

    retvals: Mapping[str, Intervals]
    texts: Mapping[tuple[str, int], Texts]


def compile_fields(scopes: Sequence[Scope]) -> FieldTables:
    """Work out the tables of the scopes by asking the model."""
    retvals: dict[str, Intervals] = {}
    texts: dict[tuple[str, int], Texts] = {}
    for field, group in _by_field(scopes).items():
        event = all_events().get(field.event)
        if event is None or not (event.syscall or event.functions or event.name in RAW_EVENTS):
            continue
        if field.part is Part.RETVAL and event.syscall:
            retvals[event.name] = retval_intervals(field, group)
        for place, argument in enumerate(event.args):
            named = field.part is Part.ARGS and field.name == argument.name
            if named and shape_of(event.name, argument) is Shape.STRING:
                texts[event.name, place] = argument_texts(field, group)
    return FieldTables(retvals, texts)


def retval_intervals(field: EventField, group: Group) -> Intervals:
    """Return the mask of every return value, from the lowest of 64 bits with sign up."""
    kept: list[Scope] = []
    bounds = {S64_MIN}
    for scope, conditions in group:
        more = bounds | _bounds(conditions)
        if len(more) <= MAX_STRETCHES:
            kept.append(_asked(scope, conditions))
            bounds = more
    ordered = sorted(bounds)
    shown = (Shown(value, b"%d" % value) for value in ordered)
    return Intervals(ordered, [[_judged(ALL, kept, field, value) for value in shown]])


def argument_texts(field: EventField, group: Group) -> Texts:
    """Return the masks of an argument whose value is a text (rule 7).

    From one key to the next longer one only the scopes that mention it can change their mind.
    """
    mentions: dict[bytes, list[Scope]] = {}
    asked = [_asked(scope, enforced(conditions)) for scope, conditions in group]
    for scope in asked:
        for condition in scope.conditions:
            assert isinstance(condition.value, Pattern)
            mentions.setdefault(key_of(condition.value), []).append(scope)
    otherwise = _judged(ALL, asked, field, _text(ANY_OTHER))
    accept: dict[bytes, int] = {}
    shorter: list[bytes] = []
    for key in sorted(mentions):
        while shorter and not key.startswith(shorter[-1]):
            shorter.pop()
        mask = accept[shorter[-1]] if shorter else otherwise
        accept[key] = _judged(mask, mentions[key], field, _text(example_of(key)))
        shorter.append(key)
    return Texts(accept, otherwise, ALL - sum(scope.bit for scope, _ in group))


def enforced(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return the conditions that the keys express: of alternatives all or none (rule 4)."""
    equal = [condition for condition in conditions if condition.op is Op.EQ]
    other = [condition for condition in conditions if condition.op is Op.NE]
    alternatives = equal if all(map(_expressible, equal)) else []
    return (*alternatives, *filter(_expressible, other))


def key_of(pattern: Pattern) -> bytes:
    """Return what a text begins with, its NUL included, if it fits the pattern."""
    return pattern.text + (b"" if pattern.open_end else b"\0")


def example_of(key: bytes) -> bytes:
    """Return a text whose longest key is this one, whatever other keys there are."""
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


def _asked(scope: Scope, conditions: Iterable[Condition]) -> Scope:
    """Return the scope with these conditions alone."""
    return Scope(scope.number, scope.events, frozenset(conditions))


def _judged(mask: int, scopes: Iterable[Scope], field: EventField, value: Shown) -> int:
    """Return the mask with the bits of some scopes as the model has them for a value."""
    event = Event(field.event, NOBODY, {(field.part.value, field.name): value})
    for scope in scopes:
        holds = field.event not in scope.fields or fields_hold(scope, event)
        mask = mask | scope.bit if holds else mask & ~scope.bit
    return mask


def _bounds(conditions: Iterable[Condition]) -> set[int]:
    """Return the values at which an answer can change: those given, and the next ones."""
    values = {c.value for c in conditions if type(c.value) is int}
    return values | {value + 1 for value in values if value < S64_MAX}


def _expressible(condition: Condition) -> bool:
    value = condition.value
    return isinstance(value, Pattern) and not value.open_start and len(key_of(value)) <= TEXT_ROOM


def _text(text: bytes) -> Shown:
    return Shown(text, text)
