"""Lines straight from records: what decoding and printing make of them, in a third of the time.

Nearly every record is of a native system call whose texts could be read.  Of such a one most of
the line is known before it comes: what belongs to the event alone, and what belongs to the thread
and its scopes (``context``), which is taken from a line that was made the long way.  Together they
are a template, whose gaps are filled with the rest and which is joined: that takes a quarter of
the time of ``%``.  All other records go the long way: ``line`` returns None.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from itertools import chain
from struct import Struct
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from .argument_types import Shape, shape_of
from .catalogue import EventDefinition
from .event import TraceEvent
from .output.columns import RET, TIME_END
from .output.go_values import go_text
from .output.json_lines import JsonPrinter, go_escaped
from .output.printer import Printer
from .output.table import TablePrinter
from .output.visible import visible
from .printed import PrinterOf, printed_type, printer_of
from .records import (
    EVENT_AT,
    FINISHERS,
    FLAG_COMPAT,
    FLAGS_AT,
    FROM_DATA,
    HEADER,
    MASK_AT,
    REGISTERS,
    RecordDecoder,
    View,
)

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
TEMPLATES: Final = 8192
CONTEXTS: Final = 4096
TEXTS: Final = 4096
LONG_TEXT: Final = 256
"""Longer ones are not kept."""

GAP, CONTEXT = "\0", "\1"
"""In a template: what a record fills, and what the thread and its scopes do.  No text of a line
has such characters."""

Text: TypeAlias = Callable[[Any], str]
"""Prints a value, exactly as the printer of the format does."""


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


class QuickLines:
    """Makes the lines of one format; events that ``apart`` names all go the long way."""

    def __init__(
        self, decoder: RecordDecoder, format_: Format, view: View, apart: Container[str]
    ) -> None:
        self._decode = decoder
        self._format = format_
        self._time, self._retval = format_.time, format_.retval
        self._view = view
        self._epoch = view.epoch
        self._apart = apart
        self._events: dict[bytes, QuickEvent] = {}
        self._contexts: dict[bytes, tuple[str, ...]] = {}
        self._templates: dict[bytes, tuple[QuickEvent, list[str]]] = {}

    def line(self, record: bytes) -> bytes | None:
        """Return the line of a record, None if it must go the long way."""
        lines: list[str] = []
        self.make([record], lines)
        return encoded(lines) if lines else None

    def make(self, records: Iterable[bytes], lines: list[str]) -> None:
        """Add the lines of records, up to the first one that must go the long way.

        Records of one thread and call often come in a row: then nothing is looked up.
        """
        templates, time_of, retval_of = self._templates, self._time, self._retval
        epoch, last = self._epoch, b""
        try:
            for record in records:
                key = record[EVENT_AT:CONTEXT_END]
                if key != last:
                    known = templates.get(key) or self._learn(record)
                    if known is None:
                        return
                    event, template = known
                    unpack, arguments, begin = event.unpack, event.arguments, event.data_at
                    last = key
                time, retval, *slots = unpack(record)
                parts = template.copy()
                parts[1] = time_of(time + epoch)
                parts[3] = retval_of(retval)
                gap, at = 5, begin
                for slot, (behind, text_of) in zip(slots, arguments, strict=True):
                    if not behind:
                        parts[gap] = text_of(slot)
                    elif slot >> 32:
                        return
                    else:
                        parts[gap] = text_of(record[at : at + slot])
                        at += slot
                    gap += 2
                lines.append("".join(parts))
        except ValueError:  # bytes that are not UTF-8 among them
            return

    def _learn(self, record: bytes) -> tuple[QuickEvent, list[str]] | None:
        """Return the event of a record, and the template of its lines by this thread."""
        event = self._event(record[EVENT_AT:CALL_AT])
        context = event and self._context(record)
        if not event or not context:
            return None
        if len(self._templates) >= TEMPLATES:
            self._templates.clear()
        known = event, event.template(context)
        self._templates[record[EVENT_AT:CONTEXT_END]] = known
        return known

    def _event(self, key: bytes) -> QuickEvent | None:
        if found := self._events.get(key):
            return found
        event = self._decode.definition(int.from_bytes(key, "little"))
        if not event.syscall or event.name in self._apart or event.name in FINISHERS:
            return None
        prepared = self._events[key] = QuickEvent(event, self._format, self._view)
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


class QuickEvent:
    """The template of an event, and how the values for it are made of the slots."""

    def __init__(self, event: EventDefinition, format_: Format, view: View) -> None:
        shapes = [shape_of(event.name, argument) for argument in event.args]
        slots = (SLOT_FORMATS.get(shape, "Q") for shape in shapes)
        unused = 8 * (REGISTERS - len(shapes))
        layout = Struct(f"{REST}{''.join(slots)}{unused}x")
        self.unpack = layout.unpack_from
        self.data_at = layout.size
        self._text = format_.text
        printers = [printer_of(event.name, a) if view.printed else None for a in event.args]
        types = [
            printed_type(event.name, argument) if printer else argument.type
            for argument, printer in zip(event.args, printers, strict=True)
        ]
        self._pieces = format_.template(event, types).split(CONTEXT)
        self.arguments = [self._argument(*one) for one in zip(shapes, printers, strict=True)]

    def template(self, context: Iterable[str]) -> list[str]:
        """Return the pieces of a line, and between them empty ones for what a record fills."""
        filled = "".join(chain(*zip(self._pieces, (*context, ""), strict=True)))
        pieces = [part for piece in filled.split(GAP) for part in (piece, "")]
        return pieces[:-1]

    def _argument(self, shape: Shape, printer: PrinterOf | None) -> tuple[bool, Text]:
        """Return whether an argument lies behind the slots, and what prints it."""
        text, from_data = self._text, FROM_DATA.get(shape)
        if from_data is not None:
            return True, Texts(lambda data: text(from_data(data))).__getitem__
        if shape is Shape.BOOL:
            return False, text
        if printer is not None:
            return False, Texts(lambda value: text(printer(value))).__getitem__
        return False, str


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


def quick_lines(
    decoder: RecordDecoder, printers: Iterable[Printer], view: View, apart: Container[str]
) -> tuple[QuickLines, ...]:
    """Return what makes the lines of some printers."""
    formats = [
        TableFormat(printer) if isinstance(printer, TablePrinter) else JsonFormat()
        for printer in printers
    ]
    return tuple(QuickLines(decoder, format_, view, apart) for format_ in formats)
