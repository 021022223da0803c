# SPDX-License-Identifier: Apache-2.0
"""Lines straight from records: what decoding and printing make of them, in a fifth of the time.

Nearly every record is of a native system call whose texts could be read.  Of such a one most of
the line is known before it comes: what belongs to the event alone, and what belongs to the thread
and its scopes (``context``), which is taken from a line that was made the long way.  Around
both a function is compiled that fills in the rest (line_code.py).  All other records go the long
way: ``line`` returns None.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import chain
from struct import Struct
from typing import Any, Final

from ...abi import FLAG_COMPAT, SYSCALL_ARGUMENTS
from ...decode.argument_text import PrinterOf, printed_type, printer_of
from ...decode.records import (
    EVENT_AT,
    FINISHERS,
    FLAGS_AT,
    FROM_DATA,
    HEADER,
    MASK_AT,
    RecordDecoder,
    View,
)
from ...events.argument_types import Shape, shape_of
from ...events.catalogue import EventDefinition
from ..printer import Printer
from ..table import TablePrinter
from .codegen import Line, Text, Value, line_maker
from .formats import CONTEXT, GAP, Format, JsonFormat, TableFormat

SLOT_FORMATS: Final = {
    Shape.INT32: "i4x",
    Shape.UINT32: "I4x",
    Shape.UINT16: "H6x",
    Shape.INT64: "q",
    Shape.BOOL: "?7x",
}
"""All others are 64 bits without a sign, or a length and a state."""

REST: Final = f"=Qq{HEADER.size - EVENT_AT}x"
"""Of the header: time and return value; the remainder are the event and the context."""

CALL_AT: Final = EVENT_AT + 4
CONTEXT_END: Final = HEADER.size
KEPT_LINES: Final = 8192
CONTEXTS: Final = 4096
TEXTS: Final = 4096
LONG_TEXT: Final = 256
"""Longer ones are not kept."""


class FastLines:
    """Makes the lines of one format; events that ``apart`` names all go the long way."""

    def __init__(
        self, decoder: RecordDecoder, format_: Format, view: View, apart: Container[str]
    ) -> None:
        self._decode = decoder
        self._format = format_
        self._view = view
        self._apart = apart
        self._events: dict[bytes, FastEvent] = {}
        self._contexts: dict[bytes, tuple[str, ...]] = {}
        self._lines: dict[bytes, Line] = {}

    def line(self, record: bytes) -> bytes | None:
        """Return the line of a record, None if it must go the long way."""
        lines: list[str] = []
        self.make([record], lines)
        return encoded(lines) if lines else None

    def make(self, records: Iterable[bytes], lines: list[str]) -> None:
        """Add the lines of records, up to the first one that must go the long way.

        Records of one thread and call often come in a row: then nothing is looked up.
        """
        known, last = self._lines, b""
        try:
            for record in records:
                key = record[EVENT_AT:CONTEXT_END]
                if key != last:
                    found = known.get(key) or self._learn(record)
                    if found is None:
                        return
                    line_of, last = found, key
                line = line_of(record)
                if line is None:
                    return
                lines.append(line)
        except ValueError:  # bytes that are not UTF-8 among them
            return

    def _learn(self, record: bytes) -> Line | None:
        """Return what makes the lines of this event by this thread."""
        event = self._event(record[EVENT_AT:CALL_AT])
        context = event and self._context(record)
        if not event or not context:
            return None
        if len(self._lines) >= KEPT_LINES:
            self._lines.clear()
        line = self._lines[record[EVENT_AT:CONTEXT_END]] = event.line(context)
        return line

    def _event(self, key: bytes) -> FastEvent | None:
        if found := self._events.get(key):
            return found
        event = self._decode.definition(int.from_bytes(key, "little"))
        if not event.syscall or event.name in self._apart or event.name in FINISHERS:
            return None
        prepared = self._events[key] = FastEvent(event, self._format, self._view)
        return prepared

    def _context(self, record: bytes) -> tuple[str, ...] | None:
        """Return what a line shows of the thread and its scopes.

        None for 32-bit calls, for a container of which more may become known, and where
        no scope is left.
        """
        key = record[MASK_AT:CONTEXT_END]
        if found := self._contexts.get(key):
            return found
        if record[FLAGS_AT] & FLAG_COMPAT:
            return None
        event = self._decode(record)
        if not event.matched_scopes:
            return None
        if event.container_id and not (event.container_name or event.container_image):
            return None
        try:
            context = self._format.context(event)
        except UnicodeError:
            return None
        if len(self._contexts) >= CONTEXTS:
            self._contexts.clear()
        self._contexts[key] = context
        return context


class FastEvent:
    """What makes the lines of an event, but for what belongs to the thread."""

    def __init__(self, event: EventDefinition, format_: Format, view: View) -> None:
        shapes = [shape_of(event.name, argument) for argument in event.args]
        printers = [printer_of(event.name, a) if view.printed else None for a in event.args]
        types = [
            printed_type(event.name, argument) if printer else argument.type
            for argument, printer in zip(event.args, printers, strict=True)
        ]
        self._pieces = format_.template(event, types).split(CONTEXT)
        self._text = format_.text
        values = [Value(format_.time, add=view.epoch), Value(format_.retval)]
        values += [self._value(*one) for one in zip(shapes, printers, strict=True)]
        self._maker = line_maker(layout_of(shapes), values)

    def line(self, context: Iterable[str]) -> Line:
        """Return what makes the lines of a thread."""
        filled = "".join(chain(*zip(self._pieces, (*context, ""), strict=True)))
        return self._maker(*filled.split(GAP))

    def _value(self, shape: Shape, printer: PrinterOf | None) -> Value:
        text, from_data = self._text, FROM_DATA.get(shape)
        if from_data is not None:
            return Value(Texts(lambda data: text(from_data(data))).__getitem__, behind=True)
        if shape is Shape.BOOL:
            return Value(text)
        if printer is not None:
            return Value(Texts(lambda value: text(printer(value))).__getitem__)
        return Value(str)


def layout_of(shapes: Iterable[Shape]) -> Struct:
    """Return where the values are that are not the same for all lines of a thread."""
    slots = [SLOT_FORMATS.get(shape, "Q") for shape in shapes]
    return Struct(f"{REST}{''.join(slots)}{8 * (SYSCALL_ARGUMENTS - len(slots))}x")


class Texts(dict[Any, str]):
    """What values look like in a line, by value; remembers those that are short for a while."""

    def __init__(self, text: Text) -> None:
        super().__init__()
        self._text = text

    def __missing__(self, value: Any) -> str:
        """Work it out; raises what the printing of the value raises."""
        text = self._text(value)
        if len(text) <= LONG_TEXT:
            if len(self) >= TEXTS:
                self.clear()
            self[value] = text
        return text


def encoded(lines: Iterable[str]) -> bytes:
    """Return lines as they are written."""
    return "".join(lines).encode(errors="surrogateescape")


def fast_lines(
    decoder: RecordDecoder, printers: Iterable[Printer], view: View, apart: Container[str]
) -> tuple[FastLines, ...]:
    """Return what makes the lines of some printers."""
    formats = [
        TableFormat(printer) if isinstance(printer, TablePrinter) else JsonFormat()
        for printer in printers
    ]
    return tuple(FastLines(decoder, format_, view, apart) for format_ in formats)
