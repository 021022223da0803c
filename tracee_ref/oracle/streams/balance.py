# SPDX-License-Identifier: Apache-2.0
"""Which of the events that a tracer saw are missing in its output, and which are too many.

Two streams of the same machine are led side by side by their time: all events, judged, and
those shown.  An event is the same in both if its thread, name, result and arguments are.
Both need not have it at the same nanosecond, so an event waits for the other stream for a
while, and only what waits is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from .events_json import Line, Traced
from .verdicts import Verdict

SECOND: Final = 1_000_000_000
WINDOW: Final = 2 * SECOND
"""How long an event waits for the other stream, in nanoseconds."""

OF_THE_RUN: Final = frozenset({("sched_process_fork", "start_time")})
"""Arguments that each run of a tracer works out anew, so that they differ a little."""


class Expected(NamedTuple):
    """An event that must be shown, or may be."""

    line: Line
    verdict: Verdict


class Pair(NamedTuple):
    """An event in both streams; None where one does not have it."""

    expected: Expected | None
    shown: Line | None


@dataclass(slots=True)
class Waiting:
    """An event that waits for its counterpart; ``met`` tells that it found it."""

    at: int
    event: Expected | Line
    met: bool = False


@dataclass(slots=True)
class Queue:
    """The events of one stream that wait, by what makes them the same as another."""

    by_identity: dict[Hashable, deque[Waiting]] = field(default_factory=dict)
    in_order: deque[tuple[Hashable, Waiting]] = field(default_factory=deque)

    def add(self, identity: Hashable, waiting: Waiting) -> None:
        """Let an event wait."""
        self.by_identity.setdefault(identity, deque()).append(waiting)
        self.in_order.append((identity, waiting))

    def take(self, identity: Hashable) -> Iterator[Waiting]:
        """Give the events with this identity, the oldest first."""
        yield from self.by_identity.get(identity, ())

    def remove(self, identity: Hashable, waiting: Waiting) -> None:
        """Take out an event; its place in the order goes when its time has come."""
        waiting.met = True
        queue = self.by_identity[identity]
        queue.remove(waiting)
        if not queue:
            del self.by_identity[identity]

    def before(self, time: int | None) -> Iterator[Waiting]:
        """Take out the events of before a time that met nothing; None is the end of time."""
        while self.in_order and (time is None or self.in_order[0][1].at < time):
            identity, waiting = self.in_order.popleft()
            if not waiting.met:
                self.remove(identity, waiting)
                yield waiting


@dataclass(slots=True)
class Balance:
    """The events of both streams that wait; ``window`` is in nanoseconds."""

    window: int = WINDOW
    expected: Queue = field(default_factory=Queue)
    shown: Queue = field(default_factory=Queue)

    def expect(self, line: Line, verdict: Verdict) -> Iterator[Pair]:
        """Take in an event of all, judged; give it with its counterpart if that is there."""
        expected, identity = Expected(line, verdict), identity_of(event_of(line))
        for waiting in self.shown.take(identity):
            assert isinstance(waiting.event, Line)
            self.shown.remove(identity, waiting)
            yield Pair(expected, waiting.event)
            return
        self.expected.add(identity, Waiting(event_of(line)["timestamp"], expected))

    def show(self, line: Line) -> Iterator[Pair]:
        """Take in an event that is shown; of several counterparts one that allows its mask."""
        event = event_of(line)
        identity = identity_of(event)
        best: Waiting | None = None
        for waiting in self.expected.take(identity):
            assert isinstance(waiting.event, Expected)
            if waiting.event.verdict.allows(event["matchedScopes"]):
                best = waiting
                break
            best = best or waiting
        if best is None:
            self.shown.add(identity, Waiting(event["timestamp"], line))
        elif isinstance(best.event, Expected):
            self.expected.remove(identity, best)
            yield Pair(best.event, line)

    def give_up(self, now: int | None) -> Iterator[Pair]:
        """Give the events that waited for too long; at the end, with None, all that wait."""
        limit = None if now is None else now - self.window
        for waiting in self.expected.before(limit):
            assert isinstance(waiting.event, Expected)
            yield Pair(waiting.event, None)
        for waiting in self.shown.before(limit):
            assert isinstance(waiting.event, Line)
            yield Pair(None, waiting.event)


def event_of(line: Line) -> Traced:
    """Return the event of a line that has one."""
    assert line.event is not None
    return line.event


def identity_of(event: Traced) -> Hashable:
    """Return what is the same in both streams, and nothing that a run works out anew."""
    name = event["eventName"]
    values = [
        one.get("value")
        for one in event.get("args") or ()
        if (name, one.get("name")) not in OF_THE_RUN
    ]
    facts = (event["hostThreadId"], event["userId"], event["processName"])
    return (name, *facts, event["returnValue"], event.get("syscall"), str(values))
