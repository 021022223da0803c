"""From the ring buffer to the outputs: decode, print, flush when idle, account."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from .event import TraceEvent
from .output.printer import Printer
from .output.sinks import Sink

POLL_MS: Final = 10
"""How long an idle reader rests: the kernel side does not wake it (bpf/records.h)."""

DRAIN_SECONDS: Final = 5.0
"""How long to wait for the next record that is counted but not yet complete in the buffer."""


class Source(Protocol):
    """What the kernel side offers to the reader."""

    def read(self, handle: Callable[[bytes], None], limit: int = ...) -> int:
        """Hand waiting records to a function; return how many."""

    def counters(self) -> Mapping[str, Sequence[int]]:
        """Return each counter's value per CPU."""


@dataclass(slots=True)
class Pipeline:
    """Takes records in and writes lines; three counters say what became of the records.

    ``decode`` returns None for an event that filters on its fields leave in no scope.
    """

    decode: Callable[[bytes], TraceEvent | None]
    outputs: Sequence[tuple[Printer, Sink]]
    delivered: int = 0
    filtered: int = 0
    dropped: int = 0
    errors: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Write the headers."""
        for printer, sink in self.outputs:
            sink.write(printer.header())
        self.flush()

    def handle(self, record: bytes) -> None:
        """Write the lines of one record."""
        try:
            event = self.decode(record)
            if event is None:
                self.filtered += 1
                return
            lines = [(sink, printer.line(event)) for printer, sink in self.outputs]
        except (ValueError, KeyError, IndexError) as error:
            self.dropped += 1
            self.errors.append(f"{type(error).__name__}: {error}")
            return
        self.delivered += 1
        for sink, line in lines:
            sink.write(line)

    @property
    def taken(self) -> int:
        """How many records were taken in, whatever became of them."""
        return self.delivered + self.filtered + self.dropped

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
        while self.taken < submitted and time.monotonic() < deadline:
            if source.read(self.handle):
                deadline = time.monotonic() + DRAIN_SECONDS
            else:
                time.sleep(POLL_MS / 1000)
        source.read(self.handle)
        self.flush()
