# SPDX-License-Identifier: Apache-2.0
"""The smallest scopes and facts that still exercise an item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias, TypeVar

from model.facts import Event, Process
from model.filters import EventField
from model.scope import Scope

from ..protocol.encoding import Data

Decision: TypeAlias = tuple[tuple[Scope, ...], Event]
Trace: TypeAlias = tuple[tuple[Scope, ...], list[Data]]

Subject = TypeVar("Subject")


def minimised(
    subject: Subject,
    smaller_ones: Callable[[Subject], Iterator[Subject]],
    keeps: Callable[[Subject], bool],
) -> Subject:
    """Return a subject from which nothing can be removed while ``keeps`` holds of it."""
    smaller: Subject | None = subject
    while smaller is not None:
        subject = smaller
        smaller = next(filter(keeps, smaller_ones(subject)), None)
    return subject


def smaller_decisions(decision: Decision) -> Iterator[Decision]:
    """Return the decisions with one thing less."""
    scopes, event = decision
    for place, scope in enumerate(scopes):
        before, behind = scopes[:place], scopes[place + 1 :]
        if before or behind:
            yield without((*before, *behind), event)
        for one in smaller_scopes(scope):
            yield (*before, one, *behind), event
    yield from ((scopes, one) for one in smaller_events(event))


def smaller_traces(trace: Trace) -> Iterator[Trace]:
    """Return the traces with one thing less."""
    scopes, journal = trace
    for place in range(len(journal)):
        yield scopes, [*journal[:place], *journal[place + 1 :]]
    for place, scope in enumerate(scopes):
        before, behind = scopes[:place], scopes[place + 1 :]
        if before or behind:
            yield (*before, *behind), journal
        for one in smaller_scopes(scope):
            if one.events == scope.events:  # the same events happen, so they stay selected
                yield (*before, one, *behind), journal


def without(scopes: tuple[Scope, ...], event: Event) -> Decision:
    """Return a decision in which no scope follows that is not there any more."""
    there = sum(scope.bit for scope in scopes)
    process = replace(event.process, followed=event.process.followed & there)
    return scopes, replace(event, process=process)


def smaller_scopes(scope: Scope) -> Iterator[Scope]:
    """Return the scope with one filter or event less, or without follow."""
    for condition in sorted(scope.conditions, key=repr):
        yield replace(scope, conditions=scope.conditions - {condition})
    if scope.follow:
        yield replace(scope, follow=False)
    asked = {one.key.event for one in scope.conditions if isinstance(one.key, EventField)}
    for event in sorted(scope.events - asked):  # rule 6: a filter is on a selected event
        if len(scope.events) > 1:
            yield replace(scope, events=scope.events - {event})


def smaller_events(event: Event) -> Iterator[Event]:
    """Return the event with one field less, or one fact at its default."""
    for key in sorted(event.fields):
        rest = {name: shown for name, shown in event.fields.items() if name != key}
        yield replace(event, fields=rest)
    default, process = Process(), event.process
    for name in Process.__slots__:
        if getattr(process, name) != getattr(default, name):
            yield replace(event, process=replace(process, **{name: getattr(default, name)}))
