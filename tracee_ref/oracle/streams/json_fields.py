# SPDX-License-Identifier: Apache-2.0
"""The fields of an event in JSON, in both spellings that filters compare with (rule 7)."""

from __future__ import annotations

import base64
import binascii
from functools import cache
from os import fsencode
from typing import Any, Final, NamedTuple

from model.facts import FieldValue
from model.filters import FieldKey, Part

from ...decode.argument_text import PrinterOf, printer_of
from ...events.argument_types import TYPES_BY_SHAPE, Shape, shape_of
from ...filters.fields import IN_CONTAINER, KNOWN_IF_ANY
from ...output.go_values import go_text
from ..reference.known_events import known_events
from .events_json import REPLACED, Traced

RENAMED: Final = {"podUid": "podUID"}
"""Fields of the context whose key in JSON is another one."""


class Read(NamedTuple):
    """A field as it was printed; ``shown`` None is not there (rule 18).

    ``raw`` is False where only the printed form is known, and ``whole`` where not even that
    is, because bytes were replaced.
    """

    shown: FieldValue | None
    raw: bool = True
    whole: bool = True


ABSENT: Final = Read(None)


class Form(NamedTuple):
    """How an argument is spelled in JSON."""

    shape: Shape
    type: str
    printer: PrinterOf | None


@cache
def form_of(event: str, name: str) -> Form | None:
    """Return the form of a declared argument."""
    definition = known_events().get(event)
    for argument in definition.args if definition else ():
        if argument.name == name:
            printer = printer_of(event, argument)
            return Form(shape_of(event, argument), argument.type, printer)
    return None


def read_field(event: Traced, key: FieldKey) -> Read:
    """Return a field of an event."""
    part, name = key
    if part == Part.RETVAL.value:
        return number(event["returnValue"])
    return argument(event, name) if part == Part.ARGS.value else context(event, name)


def context(event: Traced, name: str) -> Read:
    """Return a field of the context; a text that stands for "none" is not there."""
    if name == IN_CONTAINER:
        return number(event["containerId"] != "")
    value = event.get(RENAMED.get(name, name))
    if value is None or (name in KNOWN_IF_ANY and not value):
        return ABSENT
    return number(value) if isinstance(value, int) else text(str(value))


def argument(event: Traced, name: str) -> Read:
    """Return an argument; NULL and what could not be read are not there."""
    for one in event.get("args") or ():
        if one.get("name") == name:
            value = one.get("value")
            if value is None or one.get("unreadable"):
                return ABSENT
            return argument_value(value, form_of(event["eventName"], name))
    return ABSENT


def argument_value(value: Any, form: Form | None) -> Read:
    """Return a value that is there, by its form."""
    printer = form.printer if form else None
    if isinstance(value, int):
        return number(value, printer)
    if not isinstance(value, str):
        return text(spelled(value, form))
    if form is None:
        return text(value)
    if form.type == "bytes":
        return raw_bytes(value)
    if form.shape is Shape.POINTER and value.startswith("0x"):
        return address(value)
    numeric = form.printer is not None or form.shape in TYPES_BY_SHAPE
    return text(value)._replace(raw=not numeric)


def number(value: int, printer: PrinterOf | None = None) -> Read:
    """Return a raw number and its print."""
    return Read(FieldValue(value, fsencode(printer(value) if printer else go_text(value))))


def text(value: str) -> Read:
    """Return a text, the same in both spellings."""
    encoded = value.encode("utf-8", "surrogatepass")
    return Read(FieldValue(encoded, encoded), whole=REPLACED not in value)


def address(value: str) -> Read:
    """Return a printed address."""
    try:
        return Read(FieldValue(int(value, 16), value.encode()))
    except ValueError:
        return text(value)


def raw_bytes(value: str) -> Read:
    """Return bytes, which JSON has in base64, as the tables print them."""
    try:
        return text(go_text(base64.b64decode(value, validate=True)))
    except binascii.Error:
        return text(value)


def spelled(value: Any, form: Form | None) -> str:
    """Return an array or object as the tables print it; the structures of packets in braces."""
    if isinstance(value, dict) and form is not None and form.type.startswith("trace."):
        return "{" + " ".join(map(go_text, value.values())) + "}"
    return go_text(value)
