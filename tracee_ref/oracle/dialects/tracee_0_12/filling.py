"""The values of a flag put into a filter (section 1.3)."""

from __future__ import annotations

from model.filters import Op, Pattern

from ....filters import values
from ....filters.syntax import Flag, expression_error
from .filters import NumberFilter
from .scope import BoolFilter
from .text_filter import TextFilter


def operator(flag: Flag) -> Op:
    """Return the operator; it must be there."""
    if flag.op is None:
        raise expression_error(flag.text)
    return flag.op


def fill_numbers(filter_: NumberFilter, flag: Flag, read: values.Reader) -> None:
    """Take in numbers: a list applies the operator to each of them."""
    op = operator(flag)
    for value in values.each(flag, read):
        assert isinstance(value, int)
        filter_.add(op, value)


def fill_texts(filter_: TextFilter, flag: Flag) -> None:
    """Take in texts with ``=`` or ``!=``."""
    op = operator(flag)
    if op not in (Op.EQ, Op.NE):
        raise expression_error(flag.text, "this takes = and !=")
    for value in values.each(flag, values.pattern):
        assert isinstance(value, Pattern)
        filter_.add(op, value)


def boolean(filter_: BoolFilter | None, value: bool) -> BoolFilter:
    """Return the filter with one more value."""
    return BoolFilter({value} | (filter_.values if filter_ else set()))
