"""Per-event filters in user space: the last word on arguments, return values and context.

The kernel side brings events with the mask of the scopes whose process filters hold.  Here
the scopes whose filters on the event's own fields do not hold are taken out of it (rule 6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from model.facts import Event, Process
from model.match import fields_hold
from model.scope import Scope

from .decode.argument_text import printed_type, printer_of
from .events.catalogue import EventDefinition, load_catalogue
from .events.event import TraceEvent
from .field_values import field_reader

Printers: TypeAlias = Mapping[str, tuple[Callable[[int], str], str]]
"""What prints the arguments of an event, by their names, and the type that they have then."""

NOBODY: Final = Process()
"""Filters on fields do not look at the process."""


class EventFilter:
    """The filters that any scopes have on the fields of one event."""

    def __init__(self, event: EventDefinition, scopes: Sequence[Scope]) -> None:
        self._scopes = [scope for scope in scopes if event.name in scope.fields]
        keys = {key for scope in self._scopes for key, _ in scope.fields[event.name]}
        self._readers = [(key, field_reader(event, key)) for key in sorted(keys)]

    def mask(self, traced: TraceEvent) -> int:
        """Return the event's mask without the scopes whose filters do not hold (rule 6)."""
        read = [(key, reader(traced)) for key, reader in self._readers]
        fields = {key: value for key, value in read if value is not None}
        event = Event(traced.event_name, NOBODY, fields)
        mask = traced.matched_scopes
        for scope in self._scopes:
            if mask & scope.bit and not fields_hold(scope, event):
                mask ^= scope.bit
        return mask


class FieldFilters:
    """All per-event filters of a run, over events whose arguments are raw.

    ``raw`` are the events that must come so: those that any scope filters, and ``others`` that
    come so for another reason.  ``printed`` tells to put their arguments into their printed
    form once the filters were asked.
    """

    def __init__(
        self,
        scopes: Sequence[Scope],
        *,
        printed: bool,
        events: Mapping[str, EventDefinition] | None = None,
        others: Iterable[str] = (),
    ) -> None:
        catalogue = load_catalogue() if events is None else events
        filtered = {name for scope in scopes for name in scope.fields}
        self.raw = frozenset({*filtered, *others})
        self._filters = {name: EventFilter(catalogue[name], scopes) for name in filtered}
        self._printed = {
            name: _printers(catalogue[name], catalogue) for name in self.raw if printed
        }

    def judge(self, event: TraceEvent) -> TraceEvent | None:
        """Return the event as it is shown, None if its own fields leave it in no scope."""
        one = self._filters.get(event.event_name)
        if one is not None:
            event.matched_scopes = one.mask(event)
            if not event.matched_scopes:
                return None
        printers = self._printed.get(event.event_name)
        for argument in event.args if printers else ():
            if printers and argument.name in printers and is_number(argument.value):
                printer, argument.type = printers[argument.name]
                argument.value = printer(argument.value)
        return event


def is_number(value: Any) -> bool:
    """Whether a value is one that printers take; a signature may give anything."""
    return isinstance(value, int) and not isinstance(value, bool)


def _printers(event: EventDefinition, events: Mapping[str, EventDefinition]) -> Printers:
    """Its own ones, before those of the events that it is made of and may hand on."""
    bases = (_printers(events[name], events) for name in reversed(event.bases) if name in events)
    found = dict(item for base in bases for item in base.items())
    for argument in event.args:
        printer = printer_of(event.name, argument)
        if printer:
            found[argument.name] = printer, printed_type(event.name, argument)
    return found
