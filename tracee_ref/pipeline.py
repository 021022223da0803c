# SPDX-License-Identifier: Apache-2.0
"""Pipeline from the ring buffer to the outputs: decode, derive, print, account."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from .accounting import Tally
from .clocks import EventClock
from .derivation.backlog import MASK, MASK_AT, Backlog
from .events.event import TraceEvent
from .output.fast.lines import FastLines, encode_lines
from .output.printer import Printer
from .output.writer import Sink

POLL_MS: Final = 10
"""Pause of an idle reader: the kernel side does not wake it (bpf/lib/records.h)."""

MALFORMED: Final = (ValueError, KeyError, IndexError)
"""Errors of decoding or printing a malformed record, whose event is dropped."""

DRAIN_SECONDS: Final = 5.0
"""Time to wait for a record that is counted, but not yet complete in the buffer."""

BATCH: Final = 256
"""Records of one read: copies of more do not fit into the processor's caches."""

SLICE_SECONDS: Final = 0.001
"""Time for derivation that waited until the ring buffer is looked at again."""

TURN_SECONDS: Final = 1.0
"""Longest time without derivation while the ring buffer is never empty."""

CLOCK_SECONDS: Final = 1.0
"""Longest time for the derivation that is left when the clock was set."""

CATCH_UP_SECONDS: Final = 10.0
"""Longest time for the derivation that is left at the end of a run."""


class Source(Protocol):
    """The kernel side as the reader needs it."""

    def read(self, handle: Callable[[list[bytes]], None], limit: int) -> int:
        """Pass the records in the buffer to ``handle``; return their number."""

    def counters(self) -> Mapping[str, Sequence[int]]:
        """Return the value of each counter, per CPU."""


@dataclass(slots=True)
class Pipeline:
    """Reads records, writes lines, and tallies the fate of records and derived events.

    ``derive`` returns the events derived from one, and clears from its mask the scopes that did
    not select it; ``match_fields`` returns None for an event that filters on its fields leave in
    no scope.  ``fast`` formats the lines of all outputs straight from records, for the events
    that these two do not look at.  ``later`` returns the events derived since from earlier ones;
    called with True, it waits for the last of them.  ``set_offset`` are called when ``clock`` was
    set.  ``backlog`` has the records whose derivation waits: ``is_filling`` returns whether the
    ring buffer fills meanwhile.  ``hurry`` returns whether to leave what is not read yet.
    """

    decode: Callable[[bytes], TraceEvent]
    outputs: Sequence[tuple[Printer, Sink]]
    match_fields: Callable[[TraceEvent], TraceEvent | None] | None = None
    derive: Callable[[TraceEvent], Iterable[TraceEvent]] | None = None
    later: Callable[[bool], Iterable[TraceEvent]] | None = None
    fast: Sequence[FastLines] = ()
    clock: EventClock | None = None
    set_offset: Sequence[Callable[[int], None]] = ()
    backlog: Backlog = field(default_factory=Backlog)
    hurry: Callable[[], bool] = bool
    is_filling: Callable[[], bool] = bool
    records: Tally = field(default_factory=Tally)
    derived: Tally = field(default_factory=Tally)
    errors: list[str] = field(default_factory=list)
    _turn: float = 0.0

    def begin(self) -> None:
        """Write the headers."""
        for printer, sink in self.outputs:
            sink.write(printer.header(), lines=0)
        self.flush()

    def handle(self, records: Sequence[bytes]) -> None:
        """Write the lines of records, and of the events derived from them.

        While the ring buffer fills, derivation waits.
        """
        if len(self.fast) == 1 and not self.outputs[0][1].is_filling():
            self._print_to_one(self.fast[0], self.outputs[0][1], records)
        else:
            for record in records:
                if not (self.fast and self._print_fast(record)):
                    self._print_record(record)
        self.print_later()

    def _print_to_one(self, fast: FastLines, sink: Sink, records: Sequence[bytes]) -> None:
        """Write records to the only output: the shortest path, since most runs have one."""
        while records:
            lines: list[str] = []
            with suppress(*MALFORMED):
                fast.append_lines(records, lines)
            count = len(lines)
            self.records.delivered += count
            sink.write(encode_lines(lines), count)
            for record in records[count : count + 1]:
                self._print_record(record)
            records = records[count + 1 :]

    def _print_record(self, record: bytes) -> None:
        """Decode a record; print its event and those derived from it, perhaps later."""
        if self.backlog.is_base(record) and (self.backlog or self.is_filling()):
            self._put_off(record)
            return
        try:
            event = self.decode(record)
            derived = self.derive(event) if self.derive else ()
        except MALFORMED as error:
            self._drop(self.records, error)
            return
        self._print(event, self.records)
        for each in derived:
            self._print(each, self.derived)

    def _put_off(self, record: bytes) -> None:
        """Print the event of a record, if a scope selected it; derive others from it later."""
        if self.backlog.is_printed(record):
            try:
                event = self.decode(record)
            except MALFORMED as error:
                self._drop(self.records, error)
                return
            self.backlog.strip(event)
            self._print(event, self.records)
        else:
            self.records.dependencies += 1
        self.backlog.add(record)

    def _catch_up(self, seconds: float = SLICE_SECONDS) -> None:
        """Derive events from waiting records, for a limited time."""
        deadline = time.monotonic() + seconds
        while self.backlog and time.monotonic() < deadline and not self.hurry():
            record = self.backlog.pop()
            try:
                derived = self.derive(self.decode(record)) if self.derive else ()
            except MALFORMED as error:
                self.backlog.dropped += 1
                self.errors.append(f"{type(error).__name__}: {error}")
                continue
            for each in derived:
                self._print(each, self.derived)
        self._turn = time.monotonic() + TURN_SECONDS

    def _print_fast(self, record: bytes) -> bool:
        lines = []
        try:
            for fast, (_, sink) in zip(self.fast, self.outputs, strict=True):
                line = fast.line(record)
                if line is None:
                    return False
                lines.append((sink, line))
        except MALFORMED:
            return False
        self.records.delivered += 1
        (mask,) = MASK.unpack_from(record, MASK_AT)
        for sink, line in lines:
            sink.write(line, mask=mask)
        return True

    def print_derived(self, event: TraceEvent) -> None:
        """Write the line of an event that comes from user space, without a record."""
        self._print(event, self.derived)

    def print_later(self, *, end: bool = False) -> None:
        """Write the lines of events that were derived since; at the end, wait for them."""
        for event in self.later(end) if self.later else ():
            self._print(event, self.derived)

    def _print(self, event: TraceEvent, tally: Tally) -> None:
        if not event.matched_scopes:
            tally.dependencies += 1
            return
        try:
            matched = self.match_fields(event) if self.match_fields else event
            if matched is None:
                tally.filtered += 1
                return
            lines = [(sink, printer.line(matched)) for printer, sink in self.outputs]
        except MALFORMED as error:
            self._drop(tally, error)
            return
        tally.delivered += 1
        for sink, line in lines:
            sink.write(line, mask=matched.matched_scopes)

    def _drop(self, tally: Tally, error: Exception) -> None:
        tally.dropped += 1
        self.errors.append(f"{type(error).__name__}: {error}")

    def flush(self) -> None:
        """Write out what is buffered."""
        for _, sink in self.outputs:
            sink.flush()

    def unread(self) -> bool:
        """Return whether all outputs have failed, so that nobody gets an event."""
        return bool(self.outputs) and all(sink.gone for _, sink in self.outputs)

    def follow(self, source: Source, until: Callable[[], bool], wake: int | None) -> None:
        """Read until ``until`` returns true; ``wake`` is a descriptor that ends a pause early.

        The records left then are for ``drain``: a host may never stop producing events.
        """
        poll = select.poll()
        if wake is not None:
            poll.register(wake, select.POLLIN)
        while not (until() or self.unread()):
            self._watch_clock(source)
            read = source.read(self.handle, BATCH)
            if self.backlog and (not read or time.monotonic() > self._turn):
                self._catch_up()
                self.print_later()
                if not read:
                    self.flush()
            elif not read:
                self.print_later()
                self.flush()
                poll.poll(POLL_MS)

    def _watch_clock(self, source: Source) -> None:
        """If the wall clock was set, give the records from now on timestamps of the new time."""
        if self.clock and self.clock.was_set():
            submitted = sum(source.counters()["submitted"])
            while self.records.total < submitted and source.read(self.handle, BATCH):
                pass
            self._catch_up(CLOCK_SECONDS)
            for set_offset in self.set_offset:
                set_offset(self.clock.offset)

    def drain(self, source: Source) -> None:
        """Read the records left after the programs were detached, to the last counted one."""
        deadline = time.monotonic() + DRAIN_SECONDS
        submitted = sum(source.counters()["submitted"])
        while self.records.total < submitted and time.monotonic() < deadline and not self.hurry():
            if source.read(self.handle, BATCH):
                deadline = time.monotonic() + DRAIN_SECONDS
            else:
                time.sleep(POLL_MS / 1000)
        if not self.hurry():
            source.read(self.handle, BATCH)
            self._catch_up(CATCH_UP_SECONDS)
        self.backlog.drop_all()
        if not self.hurry():
            self.print_later(end=True)
        self.flush()
