# SPDX-License-Identifier: Apache-2.0
"""What quick lines look like in each format: what is known of them before a record comes."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from ...events.catalogue import EventDefinition
from ...events.event import TraceEvent
from ..columns import RET, TIME_END
from ..go_values import go_text
from ..json_lines import JsonPrinter, go_escaped
from ..table import TablePrinter
from ..visible import visible
from .codegen import Text

GAP, CONTEXT = "\0", "\1"
"""In a template: what a record fills, and what the thread and its scopes do.  No text of a line
has such characters."""


class Format(Protocol):
    """What a format adds to the making of templates.

    Their gaps are the time, the return value and the arguments.
    """

    time: Text
    retval: Text

    def template(self, event: EventDefinition, types: list[str]) -> str:
        """Return what the lines of an event have in common."""

    def context(self, event: TraceEvent) -> tuple[str, ...]:
        """Return what of a line belongs to the thread, and to its scopes."""

    def text(self, value: Any) -> str:
        """Return a value as it stands in a line; raises UnicodeError if it needs more care."""


class JsonFormat:
    """JSON lines."""

    def __init__(self) -> None:
        self._printer = JsonPrinter()
        self.time: Text = str
        self.retval: Text = str
        self._encode = msgspec.json.Encoder().encode

    def template(self, event: EventDefinition, types: list[str]) -> str:
        """Return the line with its fields in the order of TraceEvent."""
        args = ",".join(
            f'{{"name":"{argument.name}","type":"{type_}","value":{GAP}}}'
            for argument, type_ in zip(event.args, types, strict=True)
        )
        return (
            f'{{"timestamp":{GAP}{CONTEXT},"eventId":"{event.id}","eventName":"{event.name}",'
            f'"matchedScopes":{CONTEXT},"argsNum":{len(event.args)},"returnValue":{GAP},'
            f'"syscall":"{event.name}","stackAddresses":null,"contextFlags":{CONTEXT},'
            f'"args":[{args}]}}\n'
        )

    def context(self, event: TraceEvent) -> tuple[str, ...]:
        """Return the fields from the start of the thread to the event, the mask and the flags."""
        line = self._printer.line(event).decode()
        # No text can look so: in texts the quotes are escaped.
        middle = line[line.index(',"threadStartTime":') : line.index(',"eventId":')]
        return middle, str(event.matched_scopes), self._encode(event.context_flags).decode()

    def text(self, value: Any) -> str:
        """Return a value as JSON; UnicodeEncodeError where there are bytes that are not UTF-8."""
        return go_escaped(self._encode(value)).decode()


class TableFormat:
    """The tables."""

    def __init__(self, printer: TablePrinter) -> None:
        self._printer = printer
        self.time: Text = printer.clock.text
        self.retval: Text = RET.row_format.__mod__

    def template(self, event: EventDefinition, types: list[str]) -> str:  # noqa: ARG002
        """Return the row; a table shows no types."""
        args = ", ".join(f"{argument.name}: {GAP}" for argument in event.args)
        return f"{GAP}{TIME_END}{CONTEXT}{GAP}{self._printer.event_cell(event.name)}{args}\n"

    def context(self, event: TraceEvent) -> tuple[str, ...]:
        """Return the cells between those of the event."""
        return (self._printer.context_cells(event),)

    def text(self, value: Any) -> str:
        """Return a value as Go would, without control characters."""
        return visible(go_text(value))
