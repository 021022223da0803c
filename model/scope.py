"""A scope: what a user asked for under one number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

from .filters import (
    COMM_BYTES,
    NEW,
    Binary,
    Condition,
    Conditions,
    ContainerId,
    EventField,
    FieldKey,
    Key,
    New,
    Op,
    Part,
    Pattern,
    Value,
)
from .holds import FieldTest, Test, field_test, joined, process_test

__all__ = [
    "COMM_BYTES", "MAX_SCOPES", "NEW", "Binary", "Condition", "Conditions", "ContainerId",
    "EventField", "FieldKey", "Key", "New", "Op", "Part", "Pattern", "Scope", "Value",
]  # fmt: skip

MAX_SCOPES: Final = 64
"""Rule 1: scopes are numbered 1..64 and share one 64-bit mask."""

FieldTests: TypeAlias = tuple[FieldKey, tuple[FieldTest, ...]]


@dataclass(frozen=True)
class Scope:
    """A numbered set of filters, joined by AND (rules 1 and 3).

    ``number`` is 1..64, ``events`` are the names the scope selected after rule 5,
    ``conditions`` all its comparisons in no order, ``follow`` rule 13.  The rest follows from
    these: ``bit`` its own in a mask, ``process`` the conditions on the process, and the tests
    of the process and, by event, of fields.
    """

    number: int
    events: frozenset[str]
    conditions: frozenset[Condition] = frozenset()
    follow: bool = False
    bit: int = field(init=False, repr=False, compare=False)
    process: Mapping[Key, Conditions] = field(init=False, repr=False, compare=False)
    tests: tuple[Test, ...] = field(init=False, repr=False, compare=False)
    fields: Mapping[str, tuple[FieldTests, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a number outside rule 1 and sort the conditions by what they are about."""
        if not 1 <= self.number <= MAX_SCOPES:
            raise ValueError(f"scope {self.number}: scopes must be between 1 and {MAX_SCOPES}")
        process: dict[Key, Conditions] = {}
        by_field: dict[EventField, Conditions] = {}
        for condition in self.conditions:
            if isinstance(condition.key, Key):
                process[condition.key] = (*process.get(condition.key, ()), condition)
            else:
                by_field[condition.key] = (*by_field.get(condition.key, ()), condition)
        fields: dict[str, tuple[FieldTests, ...]] = {}
        for key, some in by_field.items():
            tests = ((key.part.value, key.name), joined(some, field_test))
            fields[key.event] = (*fields.get(key.event, ()), tests)
        keep = partial(object.__setattr__, self)
        keep("bit", 1 << (self.number - 1))
        keep("process", MappingProxyType(process))
        keep("tests", joined((c for key in Key for c in process.get(key, ())), process_test))
        keep("fields", MappingProxyType(fields))
