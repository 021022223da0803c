# SPDX-License-Identifier: Apache-2.0
"""Filters on fields of one event, evaluated in user space (rules 6, 7 and 18).

The kernel side delivers events with the mask of the scopes whose process filters hold.  Here
the scopes whose filters on the event's own fields do not hold are cleared from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from os import fsencode
from typing import Any, Final, TypeAlias

from model.facts import Event, FieldValue, Process
from model.filters import FieldKey, Part
from model.match import fields_hold
from model.scope import Scope

from .decode.argument_text import PrinterOf, printed_type, printer_of
from .events.catalogue import EventDefinition, load_catalogue
from .events.event import TraceEvent
from .filters.fields import IN_CONTAINER, KNOWN_IF_ANY
from .output.go_values import go_text

Printers: TypeAlias = Mapping[str, tuple[Callable[[int], str], str]]
"""What prints the arguments of an event, by their names, and the type that they have then."""

FieldReader: TypeAlias = Callable[[TraceEvent], FieldValue | None]
"""Returns a field; None where it is absent or could not be read (rule 18)."""

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


def field_reader(event: EventDefinition, key: FieldKey) -> FieldReader:
    """Return what reads a field; arguments must still have their raw values.

    Meant to be asked once per event and field when the tracer starts.
    """
    part, name = key
    if part == Part.RETVAL.value:
        return lambda traced: shown(traced.return_value)
    return _argument(event, name) if part == Part.ARGS.value else _context(name)


def shown(value: Any, printer: PrinterOf | None = None) -> FieldValue:
    """Return both spellings of a raw value that is there.

    What is neither a number nor a text (arrays, addresses of sockets, pairs) has one: what
    the tables print for it.
    """
    if not isinstance(value, int):
        text = fsencode(go_text(value))
        return FieldValue(text, text)
    return FieldValue(value, fsencode(printer(value) if printer else go_text(value)))


def _argument(event: EventDefinition, name: str) -> FieldReader:
    """Look by name: what derives events may leave arguments out."""
    printers = {argument.name: printer_of(event.name, argument) for argument in event.args}
    printer = printers.get(name)

    def read(traced: TraceEvent) -> FieldValue | None:
        for argument in traced.args:
            if argument.name == name:
                return None if argument.value is None else shown(argument.value, printer)
        return None

    return read


def _context(name: str) -> FieldReader:
    if name == IN_CONTAINER:
        return lambda traced: shown(traced.container_id != "")
    value_of = attrgetter(attribute_of(name))
    if name in KNOWN_IF_ANY:
        return lambda traced: shown(value_of(traced)) if value_of(traced) else None
    return lambda traced: shown(value_of(traced))


def attribute_of(field: str) -> str:
    """Return the attribute of an event that holds a field of the context."""
    return re.sub("[A-Z]", lambda capital: "_" + capital[0].lower(), field)
