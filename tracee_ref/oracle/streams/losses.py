# SPDX-License-Identifier: Apache-2.0
"""Losses that a tracer reported, which explain missing events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...errors import UsageCode, UsageError

ACCOUNT: Final = re.compile(
    r"events: seen \d+ = filtered \d+ \+ submitted \d+ \+ lost (?P<lost>\d+); "
    r"submitted \d+ = delivered (?P<delivered>\d+) \+ filtered \d+ \+ dropped (?P<dropped>\d+)"
)
MISSED: Final = re.compile(r"(\d+) events missed")
"""Account at the end of a run of tracee-ref, on standard error."""

TRACEE_STATS: Final = re.compile(r"Stats: \{.*?LostEvCount:(\d+)")
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
    if value.isascii() and value.isdigit():
        return Losses(int(value))
    try:
        text = Path(value).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(
            UsageCode.INPUT, f"losses {value}: {error.strerror} - {EXPECTED}"
        ) from error
    found = losses_of_account(text) or losses_of_stats(text) or losses_of_json(text.splitlines())
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


def losses_of_json(lines: Iterable[str]) -> Losses | None:
    """Return the losses in the last JSON object that has any."""
    found = None
    for line in lines:
        try:
            data = json.loads(line)
        except ValueError:
            continue
        found = losses_of_object(data) or found
    return found


def losses_of_object(data: Any) -> Losses | None:
    """Return the losses of an object with ``lost``, and other numbers of the account."""
    if not isinstance(data, Mapping) or "eventName" in data or type(data.get("lost")) is not int:
        return None
    names = ("lost", "dropped", "missed")
    lost = sum(data[name] for name in names if type(data.get(name)) is int)
    delivered = data.get("delivered")
    return Losses(lost, delivered if type(delivered) is int else None)
