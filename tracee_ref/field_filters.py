# SPDX-License-Identifier: Apache-2.0
"""Filters on fields of one event, evaluated in user space (rules 6, 7 and 18).

The kernel side delivers events with the mask of the scopes whose process filters hold.  Here
the scopes whose filters on the event's own fields do not hold are cleared from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final, TypeAlias

from .decode.argument_text import (
    ArgumentFormatter,
    StructureNames,
    argument_formatter,
    symbolic_type,
)
from .events.catalogue import EventDefinition, load_catalogue
from .events.event import Argument, TraceEvent
from .filters.fields import IN_CONTAINER, KNOWN_IF_ANY
from .model.facts import Event, FieldValue, Process
from .model.filters import FieldKey, Part
from .model.match import field_filters_hold
from .model.scope import Scope
from .output.go_values import go_text
from .strings import bytes_of

Formatters: TypeAlias = Mapping[str, tuple[ArgumentFormatter, str]]
"""The formatter of each argument by name, and the type of its symbolic form."""

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
    """All per-event filters of a run, over events whose arguments are raw (numbers).

    ``raw_events`` has the names of these events: those with a filter in any scope, and
    ``also_raw``, which are decoded so for another reason.  If ``symbolic``, their arguments are
    converted to the symbolic form after filtering.
    """

    def __init__(
        self,
        scopes: Sequence[Scope],
        *,
        symbolic: bool,
        events: Mapping[str, EventDefinition] | None = None,
        also_raw: Iterable[str] = (),
    ) -> None:
        catalogue = load_catalogue() if events is None else events
        filtered = {name for scope in scopes for name in scope.fields}
        self.raw_events = frozenset({*filtered, *also_raw})
        self._filters = {name: EventFilter(catalogue[name], scopes) for name in filtered}
        self._formatters = {
            name: _formatters(catalogue[name], catalogue) for name in self.raw_events if symbolic
        }

    def apply(self, event: TraceEvent) -> TraceEvent | None:
        """Clear from `event.matched_scopes` the scopes whose filters do not hold.

        Returns the event with its arguments in their final form, or None if no scope is left.
        """
        filter_ = self._filters.get(event.event_name)
        if filter_ is not None:
            event.matched_scopes = filter_.mask(event)
            if not event.matched_scopes:
                return None
        formatters = self._formatters.get(event.event_name)
        for argument in (*event.args, *(event.args_at_return or ())) if formatters else ():
            if not formatters or argument.name not in formatters:
                continue
            formatter, type_ = formatters[argument.name]
            if accepts(formatter, argument.value):
                argument.value, argument.type = formatter(argument.value), type_
        return event


def accepts(formatter: ArgumentFormatter, value: Any) -> bool:
    """Return whether a formatter accepts a value; arguments of signatures have any type."""
    if isinstance(formatter, StructureNames):
        return isinstance(value, dict | list)
    return isinstance(value, int) and not isinstance(value, bool)


def _formatters(event: EventDefinition, events: Mapping[str, EventDefinition]) -> Formatters:
    """Return the formatters of an event, also of arguments copied from its bases."""
    bases = (_formatters(events[name], events) for name in reversed(event.bases) if name in events)
    found = dict(item for base in bases for item in base.items())
    for argument in event.args:
        formatter = argument_formatter(event.name, argument)
        if formatter:
            found[argument.name] = formatter, symbolic_type(event.name, argument)
    return found


def field_reader(event: EventDefinition, key: FieldKey) -> FieldReader:
    """Return the reader of a field; it needs events whose arguments are raw."""
    part, name = key
    if part == Part.RETVAL.value:
        return lambda traced: field_value(traced.return_value)
    return _argument(event, name) if part == Part.ARGS.value else _context(name)


def field_value(value: Any, formatter: ArgumentFormatter | None = None) -> FieldValue:
    """Return both forms of a raw value.

    A value without a formatter that is not a number (a string, an array, a socket address) has one
    form: the one that tables print.
    """
    is_named = formatter is not None and accepts(formatter, value)
    printed = bytes_of(go_text(formatter(value) if formatter and is_named else value))
    return FieldValue(value if isinstance(value, int) else bytes_of(go_text(value)), printed)


def _argument(event: EventDefinition, name: str) -> FieldReader:
    """Return the reader of an argument, by name: derived events may have fewer arguments."""
    formatters = {
        argument.name: argument_formatter(event.name, argument) for argument in event.args
    }
    formatter = formatters.get(name)
    optional = any(argument.optional for argument in event.args if argument.name == name)

    def read(traced: TraceEvent) -> FieldValue | None:
        value = value_in(traced.args, name, formatter)
        if value is None and optional:
            return field_value("")
        if value is None or not traced.args_at_return:
            return value
        return replace(value, at_return=value_in(traced.args_at_return, name, formatter))

    return read


def value_in(
    arguments: Iterable[Argument], name: str, formatter: ArgumentFormatter | None
) -> FieldValue | None:
    """Return the value of an argument, None if it is absent, NULL or unreadable."""
    for argument in arguments:
        if argument.name == name:
            return None if argument.value is None else field_value(argument.value, formatter)
    return None


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
