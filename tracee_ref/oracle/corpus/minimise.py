"""The smallest scopes and facts that still exercise an item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from model.facts import Event, Process
from model.filters import EventField
from model.scope import Scope

Decision: TypeAlias = tuple[tuple[Scope, ...], Event]


def minimised(decision: Decision, keeps: Callable[[Decision], bool]) -> Decision:
    """Return a decision of which nothing can be taken away; ``keeps`` tells what must stay."""
    smaller: Decision | None = decision
    while smaller is not None:
        decision = smaller
        smaller = next((one for one in smaller_ones(decision) if keeps(one)), None)
    return decision


def smaller_ones(decision: Decision) -> Iterator[Decision]:
    """Return the decisions with one thing less."""
    scopes, event = decision
    for place, scope in enumerate(scopes):
        before, behind = scopes[:place], scopes[place + 1 :]
        if before or behind:
            yield without((*before, *behind), event)
        for one in smaller_scopes(scope):
            yield (*before, one, *behind), event
    yield from ((scopes, one) for one in smaller_events(event))


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
