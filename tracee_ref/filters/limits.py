# SPDX-License-Identifier: Apache-2.0
"""How much the filters of all scopes may ask for together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from model.scope import Condition, Key, Pattern

from ..errors import UsageCode, UsageError
from .flag import Filter

MAX_VALUES: Final = 8192
"""Different values of one kind of filter.

A number cuts the number line at most twice, so the kernel's search for an interval, whose
rounds are unrolled for the verifier of Linux 5.10, has 8 of them for so many values.
"""

MAX_STATES: Final = 65536
"""States of the automaton that finds texts with ``*``: a state's number has 16 bits."""

SHOWN: Final = 60
"""Characters of a flag that an error shows; one with too many values is too long to read."""


@dataclass(slots=True)
class _Taken:
    """What the flags of one kind have asked for so far."""

    values: set[object] = field(default_factory=set)
    states: int = 2  # nothing read yet, and the start of a text
    stars: bool = False

    def add(self, condition: Condition) -> None:
        value = condition.key, condition.value
        if value not in self.values and isinstance(condition.value, Pattern):
            # A state for each byte, and one for the end of the text where no "*" stands there.
            self.states += len(condition.value.text) + (not condition.value.open_end)
            self.stars |= condition.key in (Key.COMM, Key.UTS) and not condition.value.exact
        self.values.add(value)


def check_limits(filters: Iterable[Filter]) -> None:
    """Raise UsageError for the first flag that asks for more than the kernel's tables hold.

    A value that several flags name counts once; so does one in several scopes.
    """
    kinds: dict[str, _Taken] = {}
    for one in filters:
        taken = kinds.setdefault(one.kind.name, _Taken())
        for condition in one.conditions:
            taken.add(condition)
        if len(taken.values) > MAX_VALUES:
            raise _too_much(one, f"{MAX_VALUES} values", "fewer, or ranges or '*' in their place")
        if taken.stars and taken.states > MAX_STATES:
            raise _too_much(one, f"{MAX_STATES} bytes with '*'", "fewer or shorter texts")


def _too_much(one: Filter, limit: str, remedy: str) -> UsageError:
    text = one.flag.text
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    return UsageError(
        UsageCode.LIMIT,
        f"filter {shown!r}: the {one.kind.form} filters of all scopes have more than {limit} "
        f"- give {remedy}",
        flag=text,
    )
