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
from model.match import field_filters_hold
from model.scope import Scope

from .decode.argument_text import PrinterOf, printed_type, printer_of
from .events.catalogue import EventDefinition, load_catalogue
from .events.event import TraceEvent
from .filters.fields import IN_CONTAINER, KNOWN_IF_ANY
from .output.go_values import go_text

Printers: TypeAlias = Mapping[str, tuple[Callable[[int], str], str]]
"""The printer of each argument by name, and the type of the printed value."""

FieldReader: TypeAlias = Callable[[TraceEvent], FieldValue | None]
"""Returns a field; None where it is absent or could not be read (rule 18)."""

ANY_PROCESS: Final = Process()
"""Placeholder: filters on fields do not depend on the process."""


class EventFilter:
    """The filters of all scopes on the fields of one event."""

    def __init__(self, event: EventDefinition, scopes: Sequence[Scope]) -> None:
        self._scopes = [scope for scope in scopes if event.name in scope.fields]
        keys = {key for scope in self._scopes for key, _ in scope.fields[event.name]}
        self._readers = [(key, field_reader(event, key)) for key in sorted(keys)]

    def mask(self, traced: TraceEvent) -> int:
        """Return `traced.matched_scopes` without the scopes whose filters do not hold (rule 6)."""
        values = [(key, reader(traced)) for key, reader in self._readers]
        fields = {key: value for key, value in values if value is not None}
        event = Event(traced.event_name, ANY_PROCESS, fields)
        mask = traced.matched_scopes
        for scope in self._scopes:
            if mask & scope.bit and not field_filters_hold(scope, event):
                mask ^= scope.bit
        return mask


class FieldFilters:
    """All per-event filters of a run, over events whose arguments are raw.

    ``raw`` has the names of these events: those with a filter in any scope, and ``others``,
    which are decoded so for another reason.  If ``printed``, their arguments are converted to the
    printed form after filtering.
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

    def apply(self, event: TraceEvent) -> TraceEvent | None:
        """Clear from `event.matched_scopes` the scopes whose filters do not hold.

        Returns the event with its arguments printed, or None if no scope is left.
        """
        filter_ = self._filters.get(event.event_name)
        if filter_ is not None:
            event.matched_scopes = filter_.mask(event)
            if not event.matched_scopes:
                return None
        printers = self._printed.get(event.event_name)
        for argument in event.args if printers else ():
            if printers and argument.name in printers and is_number(argument.value):
                printer, argument.type = printers[argument.name]
                argument.value = printer(argument.value)
        return event


def is_number(value: Any) -> bool:
    """Return whether printers accept a value; arguments of signatures have any type."""
    return isinstance(value, int) and not isinstance(value, bool)


def _printers(event: EventDefinition, events: Mapping[str, EventDefinition]) -> Printers:
    """Return the printers of an event; arguments may be copied from the events it derives from."""
    bases = (_printers(events[name], events) for name in reversed(event.bases) if name in events)
    found = dict(item for base in bases for item in base.items())
    for argument in event.args:
        printer = printer_of(event.name, argument)
        if printer:
            found[argument.name] = printer, printed_type(event.name, argument)
    return found


def field_reader(event: EventDefinition, key: FieldKey) -> FieldReader:
    """Return the reader of a field; it needs events whose arguments are raw."""
    part, name = key
    if part == Part.RETVAL.value:
        return lambda traced: field_value(traced.return_value)
    return _argument(event, name) if part == Part.ARGS.value else _context(name)


def field_value(value: Any, printer: PrinterOf | None = None) -> FieldValue:
    """Return both forms of a raw value.

    A value that is not a number (a string, an array, a socket address) has one form: the one
    that tables print.
    """
    if not isinstance(value, int):
        text = fsencode(go_text(value))
        return FieldValue(text, text)
    return FieldValue(value, fsencode(printer(value) if printer else go_text(value)))


def _argument(event: EventDefinition, name: str) -> FieldReader:
    """Return the reader of an argument, by name: derived events may have fewer arguments."""
    printers = {argument.name: printer_of(event.name, argument) for argument in event.args}
    printer = printers.get(name)

    def read(traced: TraceEvent) -> FieldValue | None:
        for argument in traced.args:
            if argument.name == name:
                return None if argument.value is None else field_value(argument.value, printer)
        return None

    return read


def _context(name: str) -> FieldReader:
    if name == IN_CONTAINER:
        return lambda traced: field_value(traced.container_id != "")
    value_of = attrgetter(attribute_of(name))
    if name in KNOWN_IF_ANY:
        return lambda traced: field_value(value_of(traced)) if value_of(traced) else None
    return lambda traced: field_value(value_of(traced))


def attribute_of(field: str) -> str:
    """Return the attribute of an event that holds a field of the context."""
    return re.sub("[A-Z]", lambda capital: "_" + capital[0].lower(), field)
