# SPDX-License-Identifier: Apache-2.0
"""Expected events of a journal of what processes did.

The format is that of trace vectors (docs/reference/vectors.md).
Events are compared in the order of each thread; a stream may interleave threads otherwise.
A journal describes a test, so it is replayed in memory.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Final, NamedTuple

from ...errors import UsageCode, UsageError
from ...model.match import matched_scopes
from ...model.scope import Scope
from ..inputs import read_input
from ..protocol.encoding import MALFORMED, Data
from ..protocol.strict_json import JsonError, parse_json
from ..reference.replay import run_journal
from .balance import event_of
from .events_json import Line

EXPECTED: Final = 'expected {"before": [...], "journal": [...]}, as in trace vectors'


class ExpectedEvent(NamedTuple):
    """An event that the stream must have: index of its step, name and mask."""

    step: int
    name: str
    mask: int


class Journal:
    """The expected events of a journal that are not yet in the stream, by thread."""

    def __init__(self, path: str, scopes: tuple[Scope, ...]) -> None:
        """Replay a file; raise UsageError if it is not a journal, or one that cannot happen."""
        data = read_journal(path)
        self._expected: dict[int, deque[ExpectedEvent]] = defaultdict(deque)
        try:
            events = run_journal(scopes, data["before"], data["journal"]).events
        except MALFORMED as error:
            raise UsageError(
                UsageCode.INPUT, f"journal {path}: cannot be replayed ({error}) - {EXPECTED}"
            ) from error
        for step, event in events:
            if mask := matched_scopes(scopes, event):
                self._expected[event.process.tid].append(ExpectedEvent(step, event.name, mask))

    def take(self, line: Line) -> tuple[list[ExpectedEvent], ExpectedEvent | None]:
        """Return the expected events missing before an event, and the expected event that it is.

        The latter is None for an event that its thread does not expect any more.
        """
        event = event_of(line)
        expected, missing = self._expected[event["hostThreadId"]], list[ExpectedEvent]()
        if event["eventName"] not in (item.name for item in expected):
            return [], None
        while (item := expected.popleft()).name != event["eventName"]:
            missing.append(item)
        return missing, item

    def remaining(self) -> list[ExpectedEvent]:
        """Return the expected events that are missing at the end."""
        return sorted(item for thread in self._expected.values() for item in thread)


def read_journal(path: str) -> Mapping[str, Data]:
    """Read a journal from a file, which may be a whole trace vector."""
    try:
        data = parse_json(read_input(path, EXPECTED, "journal "))
    except JsonError as error:
        raise UsageError(
            UsageCode.INPUT, f"journal {path}: cannot be read ({error}) - {EXPECTED}"
        ) from error
    found = data.get("question", data) if isinstance(data, dict) else None
    if not isinstance(found, dict):
        raise UsageError(UsageCode.INPUT, f"journal {path}: not an object - {EXPECTED}")
    return found
