# SPDX-License-Identifier: Apache-2.0
"""Limits of what the filters of all scopes may contain together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ..errors import UsageCode, UsageError
from ..model.scope import Condition, Key, Pattern
from .flag import Filter

MAX_VALUES: Final = 8192
"""Distinct values of one kind of filter.

A number adds at most two bounds to the interval table.  The search for an interval is unrolled
for the verifier of Linux 5.10; its 8 steps suffice for this many values.
"""

MAX_STATES: Final = 65536
"""States of the automaton for patterns with ``*``: a state's number has 16 bits."""

QUOTED_CHARACTERS: Final = 60
"""Characters of a flag that an error quotes; one with too many values is too long to read."""


@dataclass(slots=True)
class _Usage:
    """What the flags of one kind contain so far."""

    values: set[object] = field(default_factory=set)
    states: int = 2  # the root, and the start of a string
    stars: bool = False

    def add(self, condition: Condition) -> None:
        value = condition.key, condition.value
        if value not in self.values and isinstance(condition.value, Pattern):
            # A state for each byte, and one for the end of the string unless it ends with "*".
            self.states += len(condition.value.text) + (not condition.value.open_end)
            self.stars |= condition.key in (Key.COMM, Key.UTS) and not condition.value.exact
        self.values.add(value)


def check_limits(filters: Iterable[Filter]) -> None:
    """Raise UsageError for the first flag with which the kernel's tables overflow.

    A value that is in several flags or scopes counts once.
    """
    kinds: dict[str, _Usage] = {}
    for filter_ in filters:
        usage = kinds.setdefault(filter_.kind.name, _Usage())
        for condition in filter_.conditions:
            usage.add(condition)
        if len(usage.values) > MAX_VALUES:
            raise _too_many(filter_, f"{MAX_VALUES} values", "fewer, or ranges or '*' instead")
        if usage.stars and usage.states > MAX_STATES:
            raise _too_many(filter_, f"{MAX_STATES} bytes with '*'", "fewer or shorter strings")


def _too_many(filter_: Filter, limit: str, remedy: str) -> UsageError:
    text = filter_.flag.text
    quoted = text if len(text) <= QUOTED_CHARACTERS else f"{text[:QUOTED_CHARACTERS]}..."
    return UsageError(
        UsageCode.LIMIT,
        f"filter {quoted!r}: the {filter_.kind.form} filters of all scopes have more than {limit} "
        f"- give {remedy}",
        flag=text,
    )
