# SPDX-License-Identifier: Apache-2.0
"""Formatter of records as lines, five times as fast as decoding and printing.

Nearly every record is of a native system call with readable strings.  Most of its line depends
only on the event, or only on the thread and its scopes (the context, which is cut out of a
line that the printer made).  A compiled function (codegen.py) joins both with the formatted fields.
For all other records ``line`` returns None: they are decoded and printed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace
from itertools import chain
from struct import Struct
from typing import Any, Final

from ...abi import SYSCALL_ARGUMENTS
from ...decode.argument_text import ArgumentFormatter, argument_formatter, symbolic_type
from ...decode.records import (
    EVENT_AT,
    FINISHERS,
    FLAGS_AT,
    HEADER,
    MASK_AT,
    FromData,
    RecordDecoder,
    View,
    data_decoder,
)
from ...events.argument_types import shape_of
from ...events.catalogue import EventDefinition
from ...events.shapes import Shape
from ..printer import Printer
from ..table import TablePrinter
from .codegen import Formatter, LineFormatter, RecordField, compile_binder
from .formats import CONTEXT, GAP, Format, JsonFormat, TableFormat

SLOT_FORMATS: Final = {
    Shape.INT32: "i4x",
    Shape.UINT32: "I4x",
    Shape.UINT16: "H6x",
    Shape.INT64: "q",
    Shape.BOOL: "?7x",
}
"""Format of a slot; other shapes are an unsigned 64-bit number, or a length and a state."""

HEADER_FORMAT: Final = f"=Qq{HEADER.size - EVENT_AT}x"
"""Time and return value; the rest of the header is the event and the context."""

CALL_AT: Final = EVENT_AT + 4
"""Offset of the number of the system call in the header, after the id of the event."""

FLAGS_BYTES: Final = 2
CONTEXT_END: Final = HEADER.size
CACHED_LINES: Final = 8192
CACHED_CONTEXTS: Final = 4096
CACHED_STRINGS: Final = 4096
CACHED_CHARACTERS: Final = 256
"""Sizes of the caches, and of the longest cached string."""


class FastLines:
    """Formatter of records in one output format, but not of the events in ``excluded``."""

    def __init__(
        self, decoder: RecordDecoder, format_: Format, view: View, excluded: Container[str]
    ) -> None:
        self._decode = decoder
        self._format = format_
        self._view = view
        self._excluded = excluded
        self._events: dict[bytes, FastEvent] = {}
        self._contexts: dict[bytes, tuple[str, ...]] = {}
        self._lines: dict[bytes, LineFormatter] = {}

    def set_offset(self, offset: int) -> None:
        """Set what is added to boot times (ns) from now on."""
        self._view = replace(self._view, clock_offset=offset)
        for cache in (self._events, self._contexts, self._lines):
            cache.clear()

    def line(self, record: bytes) -> bytes | None:
        """Return the line of a record, or None if it must be decoded."""
        lines: list[str] = []
        self.append_lines([record], lines)
        return encode_lines(lines) if lines else None

    def append_lines(self, records: Iterable[bytes], lines: list[str]) -> None:
        """Append the lines of records to ``lines``, up to the first that must be decoded.

        Consecutive records are often of one thread and system call, and need no lookup.
        """
        cached, last_key = self._lines, b""
        try:
            for record in records:
                key = record[EVENT_AT:CONTEXT_END]
                if key != last_key:
                    found = cached.get(key) or self._add_formatter(record)
                    if found is None:
                        return
                    format_line, last_key = found, key
                line = format_line(record)
                if line is None:
                    return
                lines.append(line)
        except ValueError:
            return

    def _add_formatter(self, record: bytes) -> LineFormatter | None:
        """Return the formatter for the event and context of a record, and cache it."""
        event = self._event(record[EVENT_AT:CALL_AT])
        context = event and self._context(record)
        if not event or not context:
            return None
        if len(self._lines) >= CACHED_LINES:
            self._lines.clear()
        formatter = self._lines[record[EVENT_AT:CONTEXT_END]] = event.formatter(context)
        return formatter

    def _event(self, key: bytes) -> FastEvent | None:
        if found := self._events.get(key):
            return found
        event = self._decode.definition(int.from_bytes(key, "little"))
        if not event.syscall or event.name in self._excluded or event.name in FINISHERS:
            return None
        prepared = self._events[key] = FastEvent(event, self._format, self._view)
        return prepared

    def _context(self, record: bytes) -> tuple[str, ...] | None:
        """Return the strings for the CONTEXT gaps.

        None for 32-bit system calls, for changed arguments, for a container that the runtime does
        not describe yet, and for an event that matches no scope.
        """
        key = record[MASK_AT:CONTEXT_END]
        if found := self._contexts.get(key):
            return found
        if any(record[FLAGS_AT : FLAGS_AT + FLAGS_BYTES]):
            return None
        event = self._decode(record)
        if not event.matched_scopes:
            return None
        if event.container_id and not (event.container_name or event.container_image):
            return None
        context = self._format.context(event)
        if len(self._contexts) >= CACHED_CONTEXTS:
            self._contexts.clear()
        self._contexts[key] = context
        return context


class FastEvent:
    """Template and compiled function of one event."""

    def __init__(self, event: EventDefinition, format_: Format, view: View) -> None:
        shapes = [shape_of(event.name, argument) for argument in event.args]
        formatters = [
            argument_formatter(event.name, argument) if view.symbolic else None
            for argument in event.args
        ]
        types = [
            symbolic_type(event.name, argument) if formatter else argument.type
            for argument, formatter in zip(event.args, formatters, strict=True)
        ]
        self._pieces = format_.template(event, types).split(CONTEXT)
        self._format_value = format_.format_value
        fields = [RecordField(format_.format_time, add=view.clock_offset)]
        fields += [RecordField(format_.format_retval)]
        readers = [data_decoder(event.name, argument) for argument in event.args]
        fields += [self._field(*each) for each in zip(shapes, readers, formatters, strict=True)]
        self._bind = compile_binder(layout_of(shapes), fields)

    def formatter(self, context: Iterable[str]) -> LineFormatter:
        """Return the line formatter for a context."""
        filled = "".join(chain(*zip(self._pieces, (*context, ""), strict=True)))
        return self._bind(*filled.split(GAP))

    def _field(
        self, shape: Shape, from_data: FromData | None, formatter: ArgumentFormatter | None
    ) -> RecordField:
        format_value = self._format_value
        if from_data is not None:
            named = formatter or (lambda value: value)
            strings = StringCache(lambda data: format_value(named(from_data(data))))
            return RecordField(strings.__getitem__, is_data=True)
        if shape is Shape.BOOL:
            return RecordField(format_value)
        if formatter is not None:
            strings = StringCache(lambda value: format_value(formatter(value)))
            return RecordField(strings.__getitem__)
        return RecordField(str)


def layout_of(shapes: Iterable[Shape]) -> Struct:
    """Return the layout of the fields: time, return value and slots."""
    slots = [SLOT_FORMATS.get(shape, "Q") for shape in shapes]
    return Struct(f"{HEADER_FORMAT}{''.join(slots)}{8 * (SYSCALL_ARGUMENTS - len(slots))}x")


class StringCache(dict[Any, str]):
    """Cache of short formatted values, by value; cleared when it is full."""

    def __init__(self, formatter: Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def __missing__(self, value: Any) -> str:
        """Format a value; raises what the formatter raises."""
        text = self._formatter(value)
        if len(text) <= CACHED_CHARACTERS:
            if len(self) >= CACHED_STRINGS:
                self.clear()
            self[value] = text
        return text


def encode_lines(lines: Iterable[str]) -> bytes:
    """Return lines as the printers encode them."""
    return "".join(lines).encode()


def fast_lines(
    decoder: RecordDecoder, printers: Iterable[Printer], view: View, excluded: Container[str]
) -> tuple[FastLines, ...]:
    """Return the fast path for the format of each printer."""
    formats = [
        TableFormat(printer) if isinstance(printer, TablePrinter) else JsonFormat()
        for printer in printers
    ]
    return tuple(FastLines(decoder, format_, view, excluded) for format_ in formats)
