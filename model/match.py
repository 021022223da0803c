# SPDX-License-Identifier: Apache-2.0
"""The decision: which scopes an event belongs to.  Everything else serves this page."""

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
    """Whether the scope selected the event and every filter of it holds (rules 3, 6, 13)."""
    return (
        event.name in scope.events
        and (event.process.followed & scope.bit != 0 or process_holds(scope, event.process))
        and (event.name not in scope.fields or fields_hold(scope, event))
    )


def process_holds(scope: Scope, process: Process) -> bool:
    """Whether all filters on the process hold (rules 3 and 4)."""
    for test in scope.tests:
        if not test(process):
            return False
    return True


def fields_hold(scope: Scope, event: Event) -> bool:
    """Rule 6: this scope's filters on fields of this event hold; rule 18: on those read."""
    for key, test in scope.fields[event.name]:
        shown = event.fields.get(key)
        if shown is None or not test(shown):
            return False
    return True
