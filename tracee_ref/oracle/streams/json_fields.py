# SPDX-License-Identifier: Apache-2.0
"""Fields of an event in JSON, in their raw and their printed form (rule 7)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from functools import cache
from typing import Any, Final, NamedTuple

from ...decode.argument_text import ArgumentFormatter, argument_formatter
from ...events.argument_types import TYPES_BY_SHAPE, shape_of
from ...events.shapes import Shape
from ...filters.fields import IN_CONTAINER, KNOWN_IF_ANY
from ...model.facts import FieldValue
from ...model.filters import FieldKey, Part
from ...output.go_values import go_text
from ...strings import bytes_of
from ..reference.known_events import known_events
from .events_json import JsonEvent, is_resolved

JSON_NAMES: Final = {"podUid": "podUID"}
"""Context field -> its key in JSON, where that differs."""


class JsonField(NamedTuple):
    """A field of an event; ``value`` None is absent or unreadable (rule 18).

    ``raw`` is False if only the printed form is in JSON, and ``is_utf8`` is False if bytes of
    it are not UTF-8, and were replaced.
    """

    value: FieldValue | None
    raw: bool = True
    is_utf8: bool = True
    complete: bool = True


CHANGED: Final = "argsChanged"
AT_RETURN: Final = "argsAtReturn"
"""Keys of an event whose arguments changed during its call: names, and values at the return."""

ABSENT: Final = JsonField(None)


class Form(NamedTuple):
    """Shape, type and printer of an argument in JSON; whether it is there only with a value."""

    shape: Shape
    type: str
    printer: ArgumentFormatter | None
    optional: bool


@cache
def form_of(event: str, name: str) -> Form | None:
    """Return the form of a declared argument."""
    definition = known_events().get(event)
    for argument in definition.args if definition else ():
        if argument.name == name:
            printer = argument_formatter(event, argument)
            return Form(shape_of(event, argument), argument.type, printer, argument.optional)
    return None


def read_field(event: JsonEvent, key: FieldKey) -> JsonField:
    """Return a field of an event."""
    part, name = key
    if part == Part.RETVAL.value:
        return number(event["returnValue"])
    return argument(event, name) if part == Part.ARGS.value else context(event, name)


def context(event: JsonEvent, name: str) -> JsonField:
    """Return a field of the context; an empty string may stand for an absent one."""
    if name == IN_CONTAINER:
        return number(event["containerId"] != "")
    value = event.get(JSON_NAMES.get(name, name))
    if value is None or (name in KNOWN_IF_ANY and not value):
        return ABSENT
    return number(value) if isinstance(value, int) else text(str(value))


def argument(event: JsonEvent, name: str) -> JsonField:
    """Return an argument; NULL or an unreadable value is absent.

    One that changed during its call has the value at the return, too, unless the stream has only
    its name: then a filter on it is undecidable (rule 19).
    """
    form = form_of(event["eventName"], name)
    field = argument_in(event.get("args"), name, form)
    if field.value is None or name not in (event.get(CHANGED) or ()):
        return field
    later = argument_in(event.get(AT_RETURN), name, form)
    if later.value is None:
        return field._replace(complete=False)
    return JsonField(
        replace(field.value, at_return=later.value),
        field.raw and later.raw,
        field.is_utf8 and later.is_utf8,
    )


def argument_in(arguments: Any, name: str, form: Form | None) -> JsonField:
    """Return an argument of a list."""
    for arg in arguments or ():
        if arg.get("name") == name:
            value = arg.get("value")
            if value is None or arg.get("unreadable"):
                return ABSENT
            return argument_value(value, form)
    return text("") if form and form.optional else ABSENT


def argument_value(value: Any, form: Form | None) -> JsonField:
    """Return the value of an argument of a form (None: not declared)."""
    printer = form.printer if form else None
    if isinstance(value, int):
        return number(value, printer)
    if not isinstance(value, str):
        return text(table_text(value, form))
    if form is None:
        return text(value)
    if form.type == "bytes":
        return raw_bytes(value)
    if form.shape is Shape.POINTER and value.startswith("0x"):
        return address(value)
    numeric = form.printer is not None or form.shape in TYPES_BY_SHAPE
    return text(value)._replace(raw=not numeric)


def number(value: int, printer: ArgumentFormatter | None = None) -> JsonField:
    """Return a raw number and its printed form."""
    return JsonField(FieldValue(value, bytes_of(printer(value) if printer else go_text(value))))


def text(value: str) -> JsonField:
    """Return a string, equal in raw and printed form."""
    encoded = bytes_of(value)
    return JsonField(FieldValue(encoded, encoded), is_utf8=is_resolved(value))


def address(value: str) -> JsonField:
    """Return a printed address."""
    try:
        return JsonField(FieldValue(int(value, 16), value.encode()))
    except ValueError:
        return text(value)


def raw_bytes(value: str) -> JsonField:
    """Return bytes, base64 in JSON, in the form of the tables."""
    try:
        return text(go_text(base64.b64decode(value, validate=True)))
    except binascii.Error:
        return text(value)


def table_text(value: Any, form: Form | None) -> str:
    """Return an array or object in the form of the tables; structures of packets in braces."""
    if isinstance(value, dict) and form is not None and form.type.startswith("trace."):
        return "{" + " ".join(map(go_text, value.values())) + "}"
    return go_text(value)
