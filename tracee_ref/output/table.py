# SPDX-License-Identifier: Apache-2.0
"""Output formats ``table`` and ``table-verbose``.

See docs/design/tracee-v0.12-facts.md, 4.2.
"""

from __future__ import annotations

import time
from operator import attrgetter
from typing import Final

from tracee_ref.events.event import TraceEvent

from .columns import ARGS, EVENT, RET, SHORT, TIME, VERBOSE, Containers, short_event
from .go_values import arguments_text
from .visible import visible

NS_PER_SECOND: Final = 1_000_000_000


class Clock:
    """Formatter of times: ``HH:MM:SS:uuuuuu``, in local time or, if ``relative``, in UTC.

    UTC is for relative-time, with nanoseconds since the start of tracing.
    """

    def __init__(self, *, relative: bool = False) -> None:
        self._split = time.gmtime if relative else time.localtime
        self._second = -1
        self._prefix = ""

    def text(self, timestamp: int) -> str:
        """Return the time of day of a timestamp in nanoseconds."""
        second, nanoseconds = divmod(timestamp, NS_PER_SECOND)
        if second != self._second:
            # There are thousands of events per second; the calendar changes once in each.
            self._prefix = time.strftime("%H:%M:%S:", self._split(second))
            self._second = second
        return f"{self._prefix}{nanoseconds // 1000:06d}"


class TablePrinter:
    """Printer of a header line and one row per event.

    Control characters in values are escaped; bytes that are not UTF-8 are written unchanged.
    """

    def __init__(
        self,
        *,
        verbose: bool = False,
        containers: Containers = Containers.PLAIN,
        relative_time: bool = False,
    ) -> None:
        self._columns = (TIME, *(VERBOSE if verbose else SHORT)[containers], EVENT, ARGS)
        self.clock = Clock(relative=relative_time)
        self._row = "".join(column.row_format for column in self._columns)
        self._fields = attrgetter(*(f for column in self._columns[1:-2] for f in column.fields))
        self._verbose = verbose
        self._context = [c for c in self._columns[1:-2] if c is not RET]
        self._context_fields = [f for column in self._context for f in column.fields]

    def header(self) -> bytes:
        """Return the header line."""
        cells = (column.header_format % column.header for column in self._columns)
        return "".join(cells).encode() + b"\n"

    def line(self, event: TraceEvent) -> bytes:
        """Return the row of an event."""
        name = self._name(event.event_name)
        cells = (
            self.clock.text(event.timestamp),
            *self._fields(event),
            name,
            arguments_text(event.args),
        )
        row = self._row % cells
        if not row.isprintable():
            row = self._row % tuple(map(visible_cell, cells))
        return row.encode(errors="surrogateescape") + b"\n"

    def event_cell(self, event_name: str) -> str:
        """Return the EVENT cell."""
        return EVENT.row_format % self._name(event_name)

    def context_cells(self, event: TraceEvent) -> str:
        """Return the cells between TIME and RET."""
        cells = (visible_cell(getattr(event, name)) for name in self._context_fields)
        return "".join(column.row_format for column in self._context) % tuple(cells)

    def _name(self, event_name: str) -> str:
        return event_name if self._verbose else short_event(event_name)


def visible_cell(cell: str | int) -> str | int:
    """Return a cell with control characters escaped."""
    return visible(cell) if isinstance(cell, str) else cell
