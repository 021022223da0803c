# SPDX-License-Identifier: Apache-2.0
"""A scope: what a user asked for under one number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final

from .filters import *  # noqa: F403  (whoever uses scopes needs the words that they are made of)
from .filters import Condition, Conditions, EventField, FieldKey, Key
from .tests_of import FieldTest, ProcessTest, field_test, grouped, joined, process_test

MAX_SCOPES: Final = 64
"""Rule 1: scopes are numbered 1..64 and share one 64-bit mask."""


@dataclass(frozen=True)
class Scope:
    """A numbered set of filters, joined by AND (rules 1 and 3).

    ``number`` is 1..64, ``events`` are the names the scope selected after rule 5,
    ``conditions`` all its comparisons in no order, ``follow`` rule 13.  The rest follows from
    these: ``bit`` its own in a mask, ``process`` the conditions on the process, ``tests`` the
    tests of the process, and ``fields``, by event, those of its fields.
    """

    number: int
    events: frozenset[str]
    conditions: frozenset[Condition] = frozenset()
    follow: bool = False
    bit: int = field(init=False, repr=False, compare=False)
    process: Mapping[Key, Conditions] = field(init=False, repr=False, compare=False)
    tests: tuple[ProcessTest, ...] = field(init=False, repr=False, compare=False)
    fields: Mapping[str, tuple[tuple[FieldKey, FieldTest], ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Refuse a number outside rule 1 and sort the conditions by what they are about."""
        if not 1 <= self.number <= MAX_SCOPES:
            raise ValueError(f"scope {self.number}: scopes must be between 1 and {MAX_SCOPES}")
        pairs = [(one.key, one) for one in self.conditions]
        process = grouped((key, one) for key, one in pairs if isinstance(key, Key))
        fields = grouped((key, one) for key, one in pairs if isinstance(key, EventField))
        in_order = [one for key in Key for one in process.get(key, ())]
        tests = (
            (key.event, ((key.part.value, key.name), test))
            for key, some in fields.items()
            for test in joined(some, field_test)
        )
        keep = partial(object.__setattr__, self)
        keep("bit", 1 << (self.number - 1))
        keep("process", MappingProxyType(process))
        keep("tests", joined(in_order, process_test))
        keep("fields", MappingProxyType(grouped(tests)))
