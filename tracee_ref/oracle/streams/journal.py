# SPDX-License-Identifier: Apache-2.0
"""Events expected of a journal of process life (docs/reference/vectors.md, trace).

A journal tells of every thread in its order; a stream may mix threads otherwise.  It is replayed
in memory: it is what a test did, not what a host did.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from model.match import matched_scopes
from model.scope import Scope

from ...errors import UsageCode, UsageError
from ..protocol.encoding import Data, FormatError
from ..reference.replay import run_journal
from .balance import event_of
from .events_json import Line

EXPECTED: Final = 'expected {"before": [...], "journal": [...]}, as vectors of traces have them'


class Due(NamedTuple):
    """An event that must be shown: the number of its step, its name and its mask."""

    step: int
    name: str
    mask: int


class Journal:
    """The events of a journal that are due, by thread."""

    def __init__(self, path: str, scopes: tuple[Scope, ...]) -> None:
        """Replay a file; UsageError if it holds no journal, or one that cannot happen."""
        data = read_journal(path)
        self._due: dict[int, deque[Due]] = defaultdict(deque)
        try:
            happened = run_journal(scopes, data["before"], data["journal"]).events
        except (FormatError, KeyError, TypeError, ValueError) as error:
            raise UsageError(
                UsageCode.INPUT, f"journal {path}: cannot be replayed ({error}) - {EXPECTED}"
            ) from error
        for step, event in happened:
            if mask := matched_scopes(scopes, event):
                self._due[event.process.tid].append(Due(step, event.name, mask))

    def take(self, line: Line) -> tuple[list[Due], Due | None]:
        """Return what was due before an event and is missing, and what it is itself, if due.

        An event that its thread does not have any more is none of them, and skips nothing.
        """
        event = event_of(line)
        due, missing = self._due[event["hostThreadId"]], list[Due]()
        if event["eventName"] not in (one.name for one in due):
            return [], None
        while (one := due.popleft()).name != event["eventName"]:
            missing.append(one)
        return missing, one

    def rest(self) -> list[Due]:
        """Return what is still due at the end."""
        return sorted(one for some in self._due.values() for one in some)


def read_journal(path: str) -> Mapping[str, Data]:
    """Return the object of a file; a whole trace vector will do."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            UsageCode.INPUT, f"journal {path}: cannot be read ({error}) - {EXPECTED}"
        ) from error
    found = data.get("question", data) if isinstance(data, dict) else None
    if not isinstance(found, dict):
        raise UsageError(UsageCode.INPUT, f"journal {path}: not an object - {EXPECTED}")
    return found
