# SPDX-License-Identifier: Apache-2.0
"""Losses that a tracer reported, which explain missing events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...errors import UsageCode, UsageError
from ..inputs import read_input
from ..protocol.strict_json import JsonError, parse_json

COUNTS: Final = range(1 << 64)
COUNT: Final = re.compile("[0-9]{1,19}")
NUMBER: Final = re.compile("[+-]?([0-9.]+(e[+-]?[0-9]+)?|nan|inf|infinity)", re.IGNORECASE)
NO_COUNT: Final = "is not a count of events"

N: Final = "([0-9]{1,19})"
ACCOUNT: Final = re.compile(
    rf"events: seen {N} = filtered {N} \+ submitted {N} \+ lost (?P<lost>{N}); "
    rf"submitted {N} = delivered (?P<delivered>{N}) \+ filtered {N} \+ dropped (?P<dropped>{N})"
)
MISSED: Final = re.compile(f"{N} events missed")
"""Account at the end of a run of tracee-ref, on standard error."""

TRACEE_STATS: Final = re.compile(rf"Stats: \{{[^{{}}\n]{{0,400}}?LostEvCount:{N}")
"""Line at the end of the tables of v0.12 (Tracee v0.12 facts, 4.2)."""

EXPECTED: Final = (
    "expected a number, or a file with the account that tracee-ref prints at its end, "
    'with the Stats line of tracee, or with {"lost": NUMBER}'
)


@dataclass(frozen=True, slots=True)
class Losses:
    """Number of lost events, and of those delivered to the output (None: unknown)."""

    lost: int = 0
    delivered: int | None = None

    def __add__(self, other: Losses) -> Losses:
        """Return the sum of both."""
        delivered = [part.delivered for part in (self, other) if part.delivered is not None]
        return Losses(self.lost + other.lost, sum(delivered) if delivered else None)


NO_LOSSES: Final = Losses()


def read_losses(value: str) -> Losses:
    """Parse a number, or read a file; raise UsageError if it has no losses."""
    if NUMBER.fullmatch(value):
        if not COUNT.fullmatch(value):
            raise UsageError(UsageCode.INPUT, f"losses {value[:20]}: {NO_COUNT} - {EXPECTED}")
        return Losses(int(value))
    content = read_input(value, EXPECTED, "losses ")
    text = content.decode(errors="replace")
    found = losses_of_account(text) or losses_of_stats(text) or losses_of_json(content.splitlines())
    if found is None:
        raise UsageError(UsageCode.INPUT, f"losses {value}: no losses in it - {EXPECTED}")
    return found


def losses_of_account(text: str) -> Losses | None:
    """Return the losses in the last account of a text."""
    accounts = [*ACCOUNT.finditer(text)]
    if not accounts:
        return None
    last = accounts[-1]
    missed = sum(int(match[1]) for match in MISSED.finditer(text, last.end()))
    lost = int(last["lost"]) + int(last["dropped"]) + missed
    return Losses(lost, int(last["delivered"]))


def losses_of_stats(text: str) -> Losses | None:
    """Return the losses in the last Stats line of a text."""
    stats = [*TRACEE_STATS.finditer(text)]
    return Losses(int(stats[-1][1])) if stats else None


def losses_of_json(lines: Iterable[bytes]) -> Losses | None:
    """Return the losses in the last JSON object that has any."""
    found = None
    for line in lines:
        try:
            found = losses_of_object(parse_json(line)) or found
        except JsonError:
            continue
    return found


def losses_of_object(data: Any) -> Losses | None:
    """Return the losses of an object with ``lost``, and other numbers of the account.

    None for any other object, and for numbers that are no counts.
    """
    if not isinstance(data, Mapping) or "eventName" in data or "lost" not in data:
        return None
    names = ("lost", "dropped", "missed", "delivered")
    counts = {name: data[name] for name in names if data.get(name) is not None}
    if not all(type(count) is int and count in COUNTS for count in counts.values()):
        return None
    delivered = counts.pop("delivered", None)
    return Losses(sum(counts.values()), delivered) if "lost" in counts else None
