"""The fields of an event that filters compare with, in both spellings (rules 6, 7 and 18)."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from os import fsencode
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from model.facts import Shown
from model.filters import FieldKey, Part

from .decode.argument_text import PrinterOf, printer_of
from .events.catalogue import EventDefinition
from .output.go_values import go_text

if TYPE_CHECKING:  # the oracle reads fields without the package that defines our events
    from .events.event import TraceEvent

FieldReader: TypeAlias = Callable[["TraceEvent"], Shown | None]
"""Returns a field; None where it is not there or could not be read (rule 18)."""

IN_CONTAINER: Final = "container"
"""What the ``container`` and ``host`` fields ask of (tracee_ref/filters/fields.py)."""

KNOWN_IF_ANY: Final = frozenset(
    {
        "syscall",
        "containerId",
        "containerImage",
        "containerName",
        "podName",
        "podNamespace",
        "podUid",
    }
)
"""Texts of the context that are empty where there is no such thing; no name is empty."""


def field_reader(event: EventDefinition, key: FieldKey) -> FieldReader:
    """Return what reads a field; arguments must still have their raw values.

    Meant to be asked once per event and field when the tracer starts.
    """
    part, name = key
    if part == Part.RETVAL.value:
        return lambda traced: shown(traced.return_value)
    return _argument(event, name) if part == Part.ARGS.value else _context(name)


def shown(value: Any, printer: PrinterOf | None = None) -> Shown:
    """Return both spellings of a raw value that is there.

    What is neither a number nor a text (arrays, addresses of sockets, pairs) has one: what
    the tables print for it.
    """
    if not isinstance(value, int):
        text = fsencode(go_text(value))
        return Shown(text, text)
    return Shown(value, fsencode(printer(value) if printer else go_text(value)))


def _argument(event: EventDefinition, name: str) -> FieldReader:
    """Look by name: what derives events may leave arguments out."""
    printers = {argument.name: printer_of(event.name, argument) for argument in event.args}
    printer = printers.get(name)

    def read(traced: TraceEvent) -> Shown | None:
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
