# SPDX-License-Identifier: Apache-2.0
"""Templates of the lines of an output format, with gaps for the fields."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from ...events.catalogue import EventDefinition
from ...events.event import TraceEvent
from ..columns import RET, TIME_END
from ..go_values import cell_text
from ..json_lines import JsonPrinter, escaped_json
from ..table import TablePrinter
from .codegen import Formatter

GAP, CONTEXT = "\0", "\1"
"""Gaps of a template: a field of the record, and text that depends on the thread and its scopes.

Lines have no control characters of their own."""


class Format(Protocol):
    """Templates and formatters of an output format.

    A template has gaps for the time, the return value and the arguments.
    """

    format_time: Formatter
    format_retval: Formatter

    def template(self, event: EventDefinition, types: list[str]) -> str:
        """Return the template of an event; ``types`` are those of its arguments."""

    def context(self, event: TraceEvent) -> tuple[str, ...]:
        """Return the strings for the CONTEXT gaps, which are those of an event of the thread."""

    def format_value(self, value: Any) -> str:
        """Return a value formatted."""


class JsonFormat:
    """Templates of JSON lines."""

    def __init__(self) -> None:
        self._printer = JsonPrinter()
        self.format_time: Formatter = str
        self.format_retval: Formatter = str
        self._encode = msgspec.json.Encoder().encode

    def template(self, event: EventDefinition, types: list[str]) -> str:
        """Return the template, with the fields in the order of TraceEvent."""
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
        """Return the fields from threadStartTime to before eventId, the mask and the flags."""
        line = self._printer.line(event).decode()
        # No string contains these: quotes in strings are escaped.
        middle = line[line.index(',"threadStartTime":') : line.index(',"eventId":')]
        return middle, str(event.matched_scopes), self._encode(event.context_flags).decode()

    def format_value(self, value: Any) -> str:
        """Return a value as JSON."""
        return escaped_json(self._encode(value)).decode()


class TableFormat:
    """Templates of table rows."""

    def __init__(self, printer: TablePrinter) -> None:
        self._printer = printer
        self.format_time: Formatter = printer.clock.text
        self.format_retval: Formatter = RET.row_format.__mod__

    def template(self, event: EventDefinition, types: list[str]) -> str:  # noqa: ARG002
        """Return the template; tables have no types."""
        args = ", ".join(f"{argument.name}: {GAP}" for argument in event.args)
        return f"{GAP}{TIME_END}{CONTEXT}{GAP}{self._printer.event_cell(event.name)}{args}\n"

    def context(self, event: TraceEvent) -> tuple[str, ...]:
        """Return the cells between TIME and RET."""
        return (self._printer.context_cells(event),)

    def format_value(self, value: Any) -> str:
        """Return a value as the printer does."""
        return cell_text(value)
