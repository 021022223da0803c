# SPDX-License-Identifier: Apache-2.0
"""Minimisation of generated questions by removing one part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias, TypeVar

from ...model.facts import Event, Process
from ...model.filters import EventField
from ...model.scope import Scope
from ..protocol.encoding import Data

Decision: TypeAlias = tuple[tuple[Scope, ...], Event]
Trace: TypeAlias = tuple[tuple[Scope, ...], list[Data]]

Subject = TypeVar("Subject")


def minimised(
    subject: Subject,
    smaller_ones: Callable[[Subject], Iterator[Subject]],
    keeps: Callable[[Subject], bool],
) -> Subject:
    """Return `subject` without all parts that can be removed while `keeps` holds."""
    smaller: Subject | None = subject
    while smaller is not None:
        subject = smaller
        smaller = next(filter(keeps, smaller_ones(subject)), None)
    return subject


def smaller_decisions(decision: Decision) -> Iterator[Decision]:
    """Yield the decisions with one part less."""
    scopes, event = decision
    for index, scope in enumerate(scopes):
        before, after = scopes[:index], scopes[index + 1 :]
        if before or after:
            yield without((*before, *after), event)
        for smaller in smaller_scopes(scope):
            yield (*before, smaller, *after), event
    yield from ((scopes, smaller) for smaller in smaller_events(event))


def smaller_traces(trace: Trace) -> Iterator[Trace]:
    """Yield the traces with one part less."""
    scopes, journal = trace
    for index in range(len(journal)):
        yield scopes, [*journal[:index], *journal[index + 1 :]]
    for index, scope in enumerate(scopes):
        before, after = scopes[:index], scopes[index + 1 :]
        if before or after:
            yield (*before, *after), journal
        for smaller in smaller_scopes(scope):
            if smaller.events == scope.events:  # the same events happen, so they stay selected
                yield (*before, smaller, *after), journal


def without(scopes: tuple[Scope, ...], event: Event) -> Decision:
    """Return a decision without the bits of removed scopes in ``followed``."""
    remaining = sum(scope.bit for scope in scopes)
    process = replace(event.process, followed=event.process.followed & remaining)
    return scopes, replace(event, process=process)


def smaller_scopes(scope: Scope) -> Iterator[Scope]:
    """Yield the scope with one filter or event less, or without ``follow``."""
    for condition in sorted(scope.conditions, key=repr):
        yield replace(scope, conditions=scope.conditions - {condition})
    if scope.follow:
        yield replace(scope, follow=False)
    filtered = {
        condition.key.event
        for condition in scope.conditions
        if isinstance(condition.key, EventField)
    }
    for event in sorted(scope.events - filtered):  # rule 6: a filter is on a selected event
        if len(scope.events) > 1:
            yield replace(scope, events=scope.events - {event})


def smaller_events(event: Event) -> Iterator[Event]:
    """Yield the event with one field less, or with one fact at its default."""
    for key in sorted(event.fields):
        rest = {name: shown for name, shown in event.fields.items() if name != key}
        yield replace(event, fields=rest)
    default, process = Process(), event.process
    for name in Process.__slots__:
        if getattr(process, name) != getattr(default, name):
            yield replace(event, process=replace(process, **{name: getattr(default, name)}))
