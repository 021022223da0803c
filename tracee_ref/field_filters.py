"""Per-event filters in user space: the last word on arguments, return values and context.

The kernel side brings events with the mask of the scopes whose process filters hold.  Here
the scopes whose filters on the event's own fields do not hold are taken out of it (rule 6).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from model.facts import Event, Process
from model.match import fields_hold
from model.scope import Scope

from .catalogue import EventDefinition, load_catalogue
from .event import TraceEvent
from .field_values import field_reader
from .printed import printed_type, printer_of

Decoder: TypeAlias = Callable[[bytes], TraceEvent]
FilteringDecoder: TypeAlias = Callable[[bytes], TraceEvent | None]

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
    """All per-event filters of a run; ``events`` are those that any scope filters so.

    ``printed`` tells to put the arguments of those events, which must come raw, into their
    printed form once the filters were asked.
    """

    def __init__(self, scopes: Sequence[Scope], *, printed: bool) -> None:
        catalogue = load_catalogue()
        self.events = frozenset(name for scope in scopes for name in scope.fields)
        self._filters = {name: EventFilter(catalogue[name], scopes) for name in self.events}
        self._printed = {name: _printers(catalogue[name]) for name in self.events if printed}

    def after(self, decode: Decoder) -> FilteringDecoder:
        """Return the decoder followed by the filters: None for an event that is not shown.

        Without any filter it is the decoder itself, so that nobody pays for nothing.
        """
        if not self.events:
            return decode
        filters, finish = self._filters, self._finish

        def filtered(record: bytes) -> TraceEvent | None:
            event = decode(record)
            one = filters.get(event.event_name)
            if one is None:
                return event
            event.matched_scopes = one.mask(event)
            return finish(event) if event.matched_scopes else None

        return filtered

    def _finish(self, event: TraceEvent) -> TraceEvent:
        for place, (printer, type_) in self._printed.get(event.event_name, {}).items():
            argument = event.args[place]
            if argument.value is not None:
                argument.value, argument.type = printer(argument.value), type_
        return event


def _printers(event: EventDefinition) -> dict[int, tuple[Callable[[int], str], str]]:
    """Return what prints the arguments of an event, by their places, and the type then."""
    printers = [printer_of(event.name, argument) for argument in event.args]
    return {
        place: (printer, printed_type(event.name, event.args[place]))
        for place, printer in enumerate(printers)
        if printer is not None
    }
