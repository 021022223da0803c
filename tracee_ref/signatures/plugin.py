# SPDX-License-Identifier: Apache-2.0
"""Plug-in signature as the tracer sees it: queue of events, watchdog, and account.

Each has a process of its own (contained.py), so one that fails takes nothing from the others, nor
from the tracer: events are sent and findings received without waiting.
"""

from __future__ import annotations

import pickle
import time
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from mmap import MADV_DOFORK, MADV_DONTFORK, mmap
from typing import Any, Final, TypeAlias

import msgspec

from ..events.event import TraceEvent
from ..shares import Shares
from .base import Values
from .contained import ContainedProcess, Received, frame
from .description import SignatureInfo
from .loader import LOAD_SECONDS, Warn
from .runner import ENVIRONMENT, errors_line
from .sources import Source
from .worker import PROGRESS, Answer, Value, received_string, serve

EVENT_SECONDS: Final = 3.0
"""Time for one event, after which a signature is dropped."""

POLL_SECONDS_MAX: Final = 0.1
"""Longest time between two polls that counts: the tracer itself may have been stopped."""

LATE_SECONDS: Final = 2.0
"""Time that a finding waits for those of earlier events by other signatures."""

OUTSTANDING_MAX: Final = 32768
"""Events that wait for a signature; more are not seen by it, nor those of scopes beyond their
shares."""

BATCH_EVENTS: Final = 256
UNSENT_BYTES_MAX: Final = 1 << 18
RECEIVE_BYTES: Final = 1 << 18
RECEIVES_MAX: Final = 64
"""Reads of one poll: a signature that floods the tracer does not hold it up."""

Result: TypeAlias = tuple[int, TraceEvent, Mapping[str, Any]]
"""A number in the order of events, the event, and the arguments of a finding."""


class Plugin:
    """A plug-in signature, called with events; it answers later, through ``poll``."""

    def __init__(
        self, source: Source, description: SignatureInfo, numbers: Iterator[int], warn: Warn
    ) -> None:
        self.description = description
        self._source = source
        self._numbers = numbers
        self._warn = warn
        self._process: ContainedProcess | None = None
        self._shares = Shares(0, OUTSTANDING_MAX)
        self._progress = mmap(-1, PROGRESS.size)
        self._progress.madvise(MADV_DONTFORK)
        self._decode = msgspec.msgpack.Decoder(Answer, ext_hook=received_string).decode
        self._received = Received()
        self._outstanding: deque[tuple[int, TraceEvent, float]] = deque()
        self._unpickled: deque[TraceEvent] = deque()
        self._unsent = bytearray()
        self._done = 0
        self._stalled = 0.0
        self._polled = time.monotonic()
        self._errors = 0
        self._not_seen = 0
        self._dropped = ""

    def start(self, scopes: int = 0) -> None:
        """Start the process.  Those of other signatures have no access to its progress.

        Each of the scopes in a mask has a share of the events that wait.
        """
        self._shares = Shares(scopes, OUTSTANDING_MAX)
        event = self.description.event
        run = partial(serve, self._source, self.description, self._progress)
        self._progress.madvise(MADV_DOFORK)
        try:
            self._process = ContainedProcess(run, f"signature {event}")
        finally:
            self._progress.madvise(MADV_DONTFORK)

    @property
    def pid(self) -> int | None:
        """Process id, None if it has no process."""
        return self._process.pid if self._process else None

    @property
    def oldest(self) -> int | None:
        """Number of the first event that waits for an answer."""
        return self._outstanding[0][0] if self._outstanding else None

    @property
    def late(self) -> bool:
        """Whether that event waits for so long that the findings of others do not wait for it."""
        waiting = self._outstanding
        return bool(waiting) and time.monotonic() - waiting[0][2] > LATE_SECONDS

    def __call__(self, event: TraceEvent, _args: Values) -> tuple[()]:
        """Queue an event of the signature's origin; count it if that is not possible."""
        if not self.description.reads(event):
            return ()
        waiting = len(self._outstanding)
        if (
            self._process is None
            or waiting >= OUTSTANDING_MAX
            or not self._shares.admit(event.matched_scopes, 1, waiting, self._done)
        ):
            self._not_seen += 1
            return ()
        own = snapshot(event, environment=self.description.environment)
        self._outstanding.append((next(self._numbers), own, time.monotonic()))
        self._unpickled.append(own)
        return ()

    def poll(self) -> list[Result]:
        """Send what is queued and return the findings that came; drop the signature if it fails."""
        if self._process is None:
            return []
        ended = self._process.ended()
        try:
            self._send(self._process)
            results = self._receive(self._process)
        except (ValueError, msgspec.MsgspecError, RecursionError) as error:
            self.drop(str(error))
            return []
        if not self._dropped and (reason := ended or self._overdue()):
            self.drop(reason)
        return results

    def drop(self, reason: str) -> None:
        """End the process, with a line; events that wait were not seen."""
        self._dropped = reason
        self._forget(PROGRESS.unpack_from(self._progress)[0])
        self._not_seen += len(self._outstanding)
        self._warn(f"signature {self.description.event}: dropped: {reason}")
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.kill()
        self._process = None
        self._outstanding.clear()
        self._unpickled.clear()

    def summary(self) -> str:
        """Return a line about errors and events that were not seen; empty if there are none."""
        event = self.description.event
        parts = [
            f"dropped after {self._done} events ({self._dropped})" if self._dropped else "",
            errors_line(event, self._errors).rpartition(": ")[2],
            f"{self._not_seen} events not seen" if self._not_seen else "",
        ]
        text = ", ".join(filter(None, parts))
        return f"signature {event}: {text}" if text else ""

    def _send(self, process: ContainedProcess) -> None:
        while self._unsent or self._unpickled:
            if len(self._unsent) < UNSENT_BYTES_MAX and self._unpickled:
                size = min(BATCH_EVENTS, len(self._unpickled))
                batch = [self._unpickled.popleft() for _ in range(size)]
                self._unsent += frame(pickle.dumps(batch, pickle.HIGHEST_PROTOCOL))
            try:
                del self._unsent[: process.socket.send(self._unsent)]
            except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                return

    def _receive(self, process: ContainedProcess) -> list[Result]:
        """Return the findings that came; raises ValueError or MsgspecError for other answers."""
        done, results = PROGRESS.unpack_from(self._progress)[0], []
        for _ in range(RECEIVES_MAX):
            try:
                data = process.socket.recv(RECEIVE_BYTES)
            except (BlockingIOError, ConnectionResetError):
                data = b""
            for received in self._received.frames(data):
                results += self._results(self._decode(received))
            if not data or self._dropped:
                self._forget(done)
                break
        return results

    def _results(self, answer: Answer) -> list[Result]:
        index = answer.number - self._done
        if self._dropped or not 0 <= index < len(self._outstanding):
            return []
        if answer.fatal:
            self.drop(answer.error)
        elif answer.error:
            self._errors += 1
            if self._errors == 1:
                self._warn(f"signature {self.description.event}: {answer.error}")
        if self._dropped:
            return []
        number, event, _ = self._outstanding[index]
        return [(number, event, finding_of(values, event)) for values in answer.findings]

    def _forget(self, done: int) -> None:
        """Forget the events that are done, whose findings have come."""
        for _ in range(min(done - self._done, len(self._outstanding))):
            self._outstanding.popleft()
            self._done += 1
            self._stalled = 0.0

    def _overdue(self) -> str:
        """Return the reason if an event takes too long."""
        now = time.monotonic()
        passed, self._polled = min(now - self._polled, POLL_SECONDS_MAX), now
        self._stalled = self._stalled + passed if self._outstanding else 0.0
        if PROGRESS.unpack_from(self._progress)[1]:
            limit, what = EVENT_SECONDS, "one event"
        else:
            limit, what = LOAD_SECONDS, "its start"
        return f"{what} took more than {limit:.0f} s" if self._stalled > limit else ""


def snapshot(event: TraceEvent, *, environment: bool) -> TraceEvent:
    """Return a copy of an event, which later stages change; without environment if not wanted."""
    args = [msgspec.structs.replace(argument) for argument in event.args]
    for argument in args:
        if argument.name == ENVIRONMENT and not environment:
            argument.value = None
    return msgspec.structs.replace(event, args=args)


def finding_of(values: list[Value], event: TraceEvent) -> dict[str, Any]:
    """Return the arguments of a finding, those that it copied from the event's own."""
    own = {argument.name: argument.value for argument in event.args}
    return {item.name: own.get(item.name) if item.copied else item.value for item in values}
