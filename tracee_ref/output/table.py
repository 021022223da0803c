# SPDX-License-Identifier: Apache-2.0
"""The tables ``table`` and ``table-verbose`` (facts, section 4.2)."""

from __future__ import annotations

from operator import attrgetter

from tracee_ref.events.event import TraceEvent

from .clock import Clock
from .columns import ARGS, EVENT, RET, SHORT, TIME, VERBOSE, Containers, short_event
from .go_values import arguments_text
from .visible import visible


class TablePrinter:
    """Prints a header line, then one row per event.

    Control characters in values are shown escaped; bytes that are not UTF-8 are written as
    they came from the kernel.
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
        """Return the line of headers."""
        cells = (column.header_format % column.header for column in self._columns)
        return "".join(cells).encode() + b"\n"

    def line(self, event: TraceEvent) -> bytes:
        """Return the row of an event."""
        name = self._name(event.event_name)
        time = self.clock.text(event.timestamp)
        cells = (time, *self._fields(event), name, arguments_text(event.args))
        row = self._row % cells
        if not row.isprintable():
            row = self._row % tuple(map(visible_cell, cells))
        return row.encode(errors="surrogateescape") + b"\n"

    def event_cell(self, event_name: str) -> str:
        """Return the cell of an event's name."""
        return EVENT.row_format % self._name(event_name)

    def context_cells(self, event: TraceEvent) -> str:
        """Return the cells between the time and what the call returned."""
        cells = (visible_cell(getattr(event, name)) for name in self._context_fields)
        return "".join(column.row_format for column in self._context) % tuple(cells)

    def _name(self, event_name: str) -> str:
        return event_name if self._verbose else short_event(event_name)


def visible_cell(cell: str | int) -> str | int:
    """Return a cell with control characters escaped."""
    return visible(cell) if isinstance(cell, str) else cell
