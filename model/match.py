# SPDX-License-Identifier: Apache-2.0
"""Mask of an event: the scopes that match it."""

from __future__ import annotations

from collections.abc import Iterable

from .facts import Event, Process
from .scope import Scope


def matched_scopes(scopes: Iterable[Scope], event: Event) -> int:
    """Return the mask of an event: OR over independent scopes (rules 1 to 3, 14)."""
    mask = 0
    if not event.process.tracer:
        for scope in scopes:
            if matches(scope, event):
                mask |= scope.bit
    return mask


def matches(scope: Scope, event: Event) -> bool:
    """Return whether the scope selected the event and all its filters hold (rules 3, 6, 13).

    For a process that the scope follows, the filters on processes are ignored.
    """
    return (
        event.name in scope.events
        and (event.process.followed & scope.bit != 0 or process_filters_hold(scope, event.process))
        and (event.name not in scope.fields or field_filters_hold(scope, event))
    )


def process_filters_hold(scope: Scope, process: Process) -> bool:
    """Return whether all filters of the scope on the process hold (rules 3 and 4)."""
    for predicate in scope.process_predicates:
        if not predicate(process):
            return False
    return True


def field_filters_hold(scope: Scope, event: Event) -> bool:
    """Return whether all filters of the scope on fields of this event hold (rule 6).

    A filter on a field that could not be read does not hold (rule 18).
    """
    for key, predicate in scope.fields[event.name]:
        value = event.fields.get(key)
        if value is None or not predicate(value):
            return False
    return True
