"""From the ring buffer to the outputs: decode, print, flush when idle, account."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from .accounting import Tally
from .events.event import TraceEvent
from .output.fast.lines import QuickLines, encoded
from .output.printer import Printer
from .output.sinks import Sink

POLL_MS: Final = 10
"""How long an idle reader rests: the kernel side does not wake it (bpf/lib/records.h)."""

FAULTS: Final = (ValueError, KeyError, IndexError)
"""What a record that is not as expected makes of the reading; the event is dropped."""

DRAIN_SECONDS: Final = 5.0
"""How long to wait for the next record that is counted but not yet complete in the buffer."""


class Source(Protocol):
    """What the kernel side offers to the reader."""

    def read(self, handle: Callable[[list[bytes]], None], limit: int = ...) -> int:
        """Hand waiting records to a function; return how many."""

    def counters(self) -> Mapping[str, Sequence[int]]:
        """Return each counter's value per CPU."""


@dataclass(slots=True)
class Pipeline:
    """Takes records in and writes lines, and tells what became of the records and of events.

    ``derive`` returns the events that are made of one, and takes out of that one the scopes
    that do not want to see it; ``judge`` returns None for an event that filters on its fields
    leave in no scope.  Without these, records are shown as they come.  ``quick`` makes
    the lines of all outputs straight from most of the records that these two leave alone.
    """

    decode: Callable[[bytes], TraceEvent]
    outputs: Sequence[tuple[Printer, Sink]]
    judge: Callable[[TraceEvent], TraceEvent | None] | None = None
    derive: Callable[[TraceEvent], Iterable[TraceEvent]] | None = None
    quick: Sequence[QuickLines] = ()
    records: Tally = field(default_factory=Tally)
    derived: Tally = field(default_factory=Tally)
    errors: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Write the headers."""
        for printer, sink in self.outputs:
            sink.write(printer.header())
        self.flush()

    def handle(self, records: Sequence[bytes]) -> None:
        """Write the lines of records, and of the events that are made of them."""
        if len(self.quick) == 1:
            self._show_in_one(self.quick[0], self.outputs[0][1], records)
            return
        for record in records:
            if not (self.quick and self._show_quickly(record)):
                self._show_record(record)

    def _show_in_one(self, quick: QuickLines, sink: Sink, records: Sequence[bytes]) -> None:
        """Do so for one output, as most runs have: with the least that a record can take."""
        while records:
            lines: list[str] = []
            with suppress(*FAULTS):
                quick.make(records, lines)
            done = len(lines)
            self.records.delivered += done
            sink.write(encoded(lines))
            for record in records[done : done + 1]:
                self._show_record(record)
            records = records[done + 1 :]

    def _show_record(self, record: bytes) -> None:
        """Decode a record, and print what is made of it."""
        try:
            event = self.decode(record)
            made = self.derive(event) if self.derive else ()
        except FAULTS as error:
            self._drop(self.records, error)
            return
        self._show(event, self.records)
        for one in made:
            self._show(one, self.derived)

    def _show_quickly(self, record: bytes) -> bool:
        lines = []
        try:
            for quick, (_, sink) in zip(self.quick, self.outputs, strict=True):
                line = quick.line(record)
                if line is None:
                    return False
                lines.append((sink, line))
        except FAULTS:
            return False
        self.records.delivered += 1
        for sink, line in lines:
            sink.write(line)
        return True

    def show_made(self, event: TraceEvent) -> None:
        """Write the line of an event that was made by user space, of no record."""
        self._show(event, self.derived)

    def _show(self, event: TraceEvent, tally: Tally) -> None:
        if not event.matched_scopes:
            tally.taken_in += 1
            return
        try:
            shown = self.judge(event) if self.judge else event
            if shown is None:
                tally.filtered += 1
                return
            lines = [(sink, printer.line(shown)) for printer, sink in self.outputs]
        except FAULTS as error:
            self._drop(tally, error)
            return
        tally.delivered += 1
        for sink, line in lines:
            sink.write(line)

    def _drop(self, tally: Tally, error: Exception) -> None:
        tally.dropped += 1
        self.errors.append(f"{type(error).__name__}: {error}")

    def flush(self) -> None:
        """Write out what is buffered."""
        for _, sink in self.outputs:
            sink.flush()

    def follow(self, source: Source, until: Callable[[], bool], wake: int | None) -> None:
        """Read until told to end; ``wake`` is a descriptor that ends a rest early.

        What is left then is for ``drain``: a host may never stop to produce events.
        """
        poll = select.poll()
        if wake is not None:
            poll.register(wake, select.POLLIN)
        while not until():
            if source.read(self.handle):
                continue
            self.flush()
            poll.poll(POLL_MS)

    def drain(self, source: Source) -> None:
        """Read what is left after the programs were detached, to the last counted record."""
        deadline = time.monotonic() + DRAIN_SECONDS
        submitted = sum(source.counters()["submitted"])
        while self.records.total < submitted and time.monotonic() < deadline:
            if source.read(self.handle):
                deadline = time.monotonic() + DRAIN_SECONDS
            else:
                time.sleep(POLL_MS / 1000)
        source.read(self.handle)
        self.flush()
