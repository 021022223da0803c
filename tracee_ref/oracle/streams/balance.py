# SPDX-License-Identifier: Apache-2.0
"""Pairs of equal events in the unfiltered stream and that of the tracer.

The streams are merged by time.  Two events are equal if thread, name, result and arguments are.
Their timestamps may differ, so an event waits for its counterpart for some time; only waiting
events are in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from .events_json import JsonEvent, Line
from .verdicts import Verdict

SECOND_NS: Final = 1_000_000_000
WINDOW_NS: Final = 2 * SECOND_NS
"""Time that an event waits for its counterpart."""

RUN_DEPENDENT: Final = frozenset({("sched_process_fork", "start_time")})
"""(event, argument) that each run of a tracer computes, so that values differ slightly."""


class Expected(NamedTuple):
    """An unfiltered event that must be, or may be, in the tracer's stream."""

    line: Line
    verdict: Verdict


class Pair(NamedTuple):
    """An event in both streams; None if one of them lacks it."""

    expected: Expected | None
    printed: Line | None


@dataclass(slots=True)
class Waiting:
    """An event that waits for its counterpart, since ``time`` in nanoseconds."""

    time: int
    event: Expected | Line
    matched: bool = False


@dataclass(slots=True)
class Queue:
    """The waiting events of one stream, by identity and in the order of time."""

    by_identity: dict[Hashable, deque[Waiting]] = field(default_factory=dict)
    in_order: deque[tuple[Hashable, Waiting]] = field(default_factory=deque)

    def add(self, identity: Hashable, waiting: Waiting) -> None:
        """Add an event."""
        self.by_identity.setdefault(identity, deque()).append(waiting)
        self.in_order.append((identity, waiting))

    def find(self, identity: Hashable) -> Iterator[Waiting]:
        """Yield the events with `identity`, the oldest first."""
        yield from self.by_identity.get(identity, ())

    def remove(self, identity: Hashable, waiting: Waiting) -> None:
        """Remove an event; ``in_order`` drops it when it would expire."""
        waiting.matched = True
        queue = self.by_identity[identity]
        queue.remove(waiting)
        if not queue:
            del self.by_identity[identity]

    def expire(self, time: int | None) -> Iterator[Waiting]:
        """Remove and yield the events older than `time` without counterpart; None: all."""
        while self.in_order and (time is None or self.in_order[0][1].time < time):
            identity, waiting = self.in_order.popleft()
            if not waiting.matched:
                self.remove(identity, waiting)
                yield waiting


@dataclass(slots=True)
class Balance:
    """The waiting events of both streams; ``window`` is in nanoseconds."""

    window: int = WINDOW_NS
    expected: Queue = field(default_factory=Queue)
    printed: Queue = field(default_factory=Queue)

    def expect(self, line: Line, verdict: Verdict) -> Iterator[Pair]:
        """Add an unfiltered event with its verdict; yield the pair if its counterpart waits."""
        expected, identity = Expected(line, verdict), identity_of(event_of(line))
        for waiting in self.printed.find(identity):
            assert isinstance(waiting.event, Line)
            self.printed.remove(identity, waiting)
            yield Pair(expected, waiting.event)
            return
        self.expected.add(identity, Waiting(event_of(line)["timestamp"], expected))

    def add_printed(self, line: Line) -> Iterator[Pair]:
        """Add an event of the tracer; of several counterparts, prefer one that allows its mask."""
        event = event_of(line)
        identity = identity_of(event)
        best: Waiting | None = None
        for waiting in self.expected.find(identity):
            assert isinstance(waiting.event, Expected)
            if waiting.event.verdict.allows(event["matchedScopes"]):
                best = waiting
                break
            best = best or waiting
        if best is None:
            self.printed.add(identity, Waiting(event["timestamp"], line))
        elif isinstance(best.event, Expected):
            self.expected.remove(identity, best)
            yield Pair(best.event, line)

    def expire(self, now: int | None) -> Iterator[Pair]:
        """Yield the events that waited longer than the window at `now`; None: all."""
        limit = None if now is None else now - self.window
        for waiting in self.expected.expire(limit):
            assert isinstance(waiting.event, Expected)
            yield Pair(waiting.event, None)
        for waiting in self.printed.expire(limit):
            assert isinstance(waiting.event, Line)
            yield Pair(None, waiting.event)


def event_of(line: Line) -> JsonEvent:
    """Return the event of a line, which must have one."""
    assert line.event is not None
    return line.event


def identity_of(event: JsonEvent) -> Hashable:
    """Return the values that are equal for the same event of two runs."""
    name = event["eventName"]
    values = [
        arg.get("value")
        for arg in event.get("args") or ()
        if (name, arg.get("name")) not in RUN_DEPENDENT
    ]
    facts = (event["hostThreadId"], event["userId"], event["processName"])
    return (name, *facts, event["returnValue"], event.get("syscall"), str(values))
