# SPDX-License-Identifier: Apache-2.0
"""Scope: a numbered set of filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final

from .filters import *  # noqa: F403  (users of scopes need conditions and values too)
from .filters import Condition, Conditions, EventField, FieldKey, Key
from .predicates import (
    FieldPredicate,
    ProcessPredicate,
    conjunction,
    field_predicate,
    grouped,
    process_predicate,
)

MAX_SCOPES: Final = 64
"""Rule 1: scopes are numbered 1..64 and share one 64-bit mask."""


@dataclass(frozen=True)
class Scope:
    """A numbered set of filters, joined by AND (rules 1 and 3).

    ``number`` is 1..64, ``events`` has the names of the selected events (rule 5),
    ``conditions`` all comparisons, ``follow`` is rule 13.  The other attributes are derived from
    these: ``bit`` is the scope's own in a mask, ``process`` has the conditions on the process
    by key, ``process_predicates`` the predicates of the process that must all hold, and ``fields``
    those of event fields, by event.
    """

    number: int
    events: frozenset[str]
    conditions: frozenset[Condition] = frozenset()
    follow: bool = False
    bit: int = field(init=False, repr=False, compare=False)
    process: Mapping[Key, Conditions] = field(init=False, repr=False, compare=False)
    process_predicates: tuple[ProcessPredicate, ...] = field(init=False, repr=False, compare=False)
    fields: Mapping[str, tuple[tuple[FieldKey, FieldPredicate], ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Set the derived attributes; raises ValueError for a number outside rule 1."""
        if not 1 <= self.number <= MAX_SCOPES:
            raise ValueError(f"scope {self.number}: scopes must be between 1 and {MAX_SCOPES}")
        pairs = [(condition.key, condition) for condition in self.conditions]
        process = grouped((key, value) for key, value in pairs if isinstance(key, Key))
        fields = grouped((key, value) for key, value in pairs if isinstance(key, EventField))
        in_order = [condition for key in Key for condition in process.get(key, ())]
        field_predicates = (
            (key.event, ((key.part.value, key.name), predicate))
            for key, conditions in fields.items()
            for predicate in conjunction(conditions, field_predicate)
        )
        keep = partial(object.__setattr__, self)
        keep("bit", 1 << (self.number - 1))
        keep("process", MappingProxyType(process))
        keep("process_predicates", conjunction(in_order, process_predicate))
        keep("fields", MappingProxyType(grouped(field_predicates)))
