"""Filters on the fields of an event, which need not be selected (section 1.3)."""

from __future__ import annotations

from typing import Final

from model.filters import FieldKey, Op, Part

from ....errors import UsageError
from ....filters import values
from ....filters.fields import ALIASES, CONTAINER, NUMBERS, TEXTS
from ....filters.syntax import Flag, expression_error
from .filling import boolean, fill_numbers, fill_texts
from .filters import NumberFilter
from .scope import BoolFilter, FieldFilter, Scope
from .text_filter import TextFilter

SIGNED: Final = values.number(values.S64_MIN, values.U64_MAX)


def add_field(scope: Scope, flag: Flag, part: Part) -> None:
    """Take in ``EVENT.args.NAME``, ``EVENT.retval`` or ``EVENT.context.FIELD``."""
    event, _, *rest = flag.name.split(".")
    if len(rest) != (part is not Part.RETVAL):
        raise expression_error(flag.text)
    filters = scope.fields.setdefault(event, {})
    if part is Part.RETVAL:
        fill_numbers(numeric(filters, (part.value, "")), flag, SIGNED)
    elif part is Part.ARGS:
        fill_texts(textual(filters, (part.value, rest[0])), flag)
    else:
        add_context(filters, flag, rest[0])


def add_context(filters: dict[FieldKey, FieldFilter], flag: Flag, name: str) -> None:
    """Take in a filter on the context; ``container`` and ``host`` ignore operator and values."""
    key = (Part.CONTEXT.value, ALIASES.get(name, name))
    if name in CONTAINER:
        key = (Part.CONTEXT.value, "container")
        old = filters.get(key)
        value = CONTAINER[name] is Op.EQ
        filters[key] = boolean(old if isinstance(old, BoolFilter) else None, value)
    elif key[1] in NUMBERS:
        fill_numbers(numeric(filters, key), flag, SIGNED)
    elif key[1] in TEXTS:
        fill_texts(textual(filters, key), flag)
    else:
        raise UsageError(f"invalid event context field: {name} - {flag.text}: see -f help")


def numeric(filters: dict[FieldKey, FieldFilter], key: FieldKey) -> NumberFilter:
    """Return the filter on a field with numbers, made if it is the first."""
    filter_ = filters.setdefault(key, NumberFilter())
    assert isinstance(filter_, NumberFilter)
    return filter_


def textual(filters: dict[FieldKey, FieldFilter], key: FieldKey) -> TextFilter:
    """Return the filter on a field with texts, made if it is the first."""
    filter_ = filters.setdefault(key, TextFilter())
    assert isinstance(filter_, TextFilter)
    return filter_
