# SPDX-License-Identifier: Apache-2.0
"""What a tracer says it lost: the only excuse for an event that is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...errors import UsageCode, UsageError

OURS: Final = re.compile(
    r"events: seen \d+ = filtered \d+ \+ submitted \d+ \+ lost (?P<lost>\d+); "
    r"submitted \d+ = delivered (?P<delivered>\d+) \+ filtered \d+ \+ dropped (?P<dropped>\d+)"
)
MISSED: Final = re.compile(r"(\d+) events missed")
"""The account at the end of a run of ours, which goes to standard error."""

UPSTREAM: Final = re.compile(r"Stats: \{.*?LostEvCount:(\d+)")
"""The line at the end of v0.12.0's tables (facts, section 4.2)."""

EXPECTED: Final = (
    "expected a number, or a file with the account that tracee-ref prints at its end, "
    'with the Stats line of tracee, or with {"lost": NUMBER}'
)


@dataclass(frozen=True, slots=True)
class Losses:
    """Events that were lost, and how many reached the output if that is known."""

    lost: int = 0
    delivered: int | None = None

    def __add__(self, other: Losses) -> Losses:
        """Return both together."""
        both = [one.delivered for one in (self, other) if one.delivered is not None]
        return Losses(self.lost + other.lost, sum(both) if both else None)


NO_LOSSES: Final = Losses()


def read_losses(value: str) -> Losses:
    """Return the losses of a number, or of a file; UsageError if there are none in it."""
    if value.isascii() and value.isdigit():
        return Losses(int(value))
    try:
        text = Path(value).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(
            UsageCode.INPUT, f"losses {value}: {error.strerror} - {EXPECTED}"
        ) from error
    found = of_account(text) or of_upstream(text) or of_json(text.splitlines())
    if found is None:
        raise UsageError(UsageCode.INPUT, f"losses {value}: no losses in it - {EXPECTED}")
    return found


def of_account(text: str) -> Losses | None:
    """Return what our account says, of several the last one."""
    accounts = [*OURS.finditer(text)]
    if not accounts:
        return None
    last = accounts[-1]
    missed = sum(int(one[1]) for one in MISSED.finditer(text, last.end()))
    lost = int(last["lost"]) + int(last["dropped"]) + missed
    return Losses(lost, int(last["delivered"]))


def of_upstream(text: str) -> Losses | None:
    """Return what the end of v0.12.0's tables says."""
    stats = [*UPSTREAM.finditer(text)]
    return Losses(int(stats[-1][1])) if stats else None


def of_json(lines: Iterable[str]) -> Losses | None:
    """Return what the last object of losses says."""
    found = None
    for line in lines:
        try:
            data = json.loads(line)
        except ValueError:
            continue
        found = of_object(data) or found
    return found


def of_object(data: Any) -> Losses | None:
    """Return the losses of an object: it has ``lost``, and perhaps more of the account."""
    if not isinstance(data, Mapping) or "eventName" in data or type(data.get("lost")) is not int:
        return None
    names = ("lost", "dropped", "missed")
    lost = sum(data[name] for name in names if type(data.get(name)) is int)
    delivered = data.get("delivered")
    return Losses(lost, delivered if type(delivered) is int else None)
