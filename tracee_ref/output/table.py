# SPDX-License-Identifier: Apache-2.0
"""Output formats ``table`` and ``table-verbose``.

See docs/design/tracee-v0.12-facts.md, 4.2.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from tracee_ref.events.event import TraceEvent

from .columns import ARGS, EVENT, RET, SHORT, SHORT_EVENT, TIME, VERBOSE, Column, Containers
from .go_values import arguments_text

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

    Strings that could be misread are in quotes (docs/reference/text.md).
    """

    def __init__(
        self,
        *,
        verbose: bool = False,
        containers: Containers = Containers.PLAIN,
        relative_time: bool = False,
    ) -> None:
        self._event = EVENT if verbose else SHORT_EVENT
        between = (VERBOSE if verbose else SHORT)[containers]
        self._columns = (TIME, *between, self._event, ARGS)
        self.clock = Clock(relative=relative_time)
        self._between = Cells((*between, self._event))
        self._context = Cells(column for column in between if column is not RET)

    def header(self) -> bytes:
        """Return the header line."""
        cells = (column.header_format % column.header for column in self._columns)
        return "".join(cells).encode() + b"\n"

    def line(self, event: TraceEvent) -> bytes:
        """Return the row of an event."""
        time_of_day = TIME.row_format % self.clock.text(event.timestamp)
        arguments = arguments_text(event.args, event.args_changed or ())
        row = f"{time_of_day}{self._between.text(event)}{arguments}\n"
        return row.encode()

    def event_cell(self, event_name: str) -> str:
        """Return the EVENT cell."""
        assert self._event.cell is not None
        return self._event.row_format % self._event.cell(event_name)

    def context_cells(self, event: TraceEvent) -> str:
        """Return the cells between TIME and RET."""
        return self._context.text(event)


class Cells:
    """Formatter of some columns of a row."""

    def __init__(self, columns: Iterable[Column]) -> None:
        listed = [*columns]
        fields = [field for column in listed for field in column.fields]
        self._format = "".join(column.row_format for column in listed)
        self._values = attrgetter(*fields)
        self._strings = [
            (fields.index(column.fields[0]), column.cell) for column in listed if column.cell
        ]

    def text(self, event: TraceEvent) -> str:
        """Return the cells of an event."""
        values = [*self._values(event)]
        for index, cell in self._strings:
            values[index] = cell(values[index])
        return self._format % tuple(values)
