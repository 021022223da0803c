"""The switch: filters that are read in full but that this version cannot trace by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from model.scope import NEW, Binary, Condition, Key

from .reading import Filter
from .refusal import usage_error

NOT_YET: Final = frozenset(
    {
    }
)
"""Take a name out when the kernel side has it."""


def refuse_not_yet(filters: Iterable[Filter]) -> None:
    """Raise UsageError for the first filter that the switch names."""
    for one in filters:
        for name in _names(one):
            if name in NOT_YET:
                text = one.flag.text
                raise usage_error(f"filter {text!r}: the {name} filter is not supported yet")


def _names(one: Filter) -> list[str]:
    return [one.kind.form, *map(_special, one.conditions)]


def _special(condition: Condition) -> str:
    """Name what a value asks for beyond its kind; empty for nothing."""
    if condition.key is Key.PID and condition.value is NEW:
        return "pid=new"
    named = isinstance(condition.value, Binary) and condition.value.mntns is not None
    return "binary=NAMESPACE:PATH" if named else ""
