"""Lines straight from records: what decoding and printing make of them, in a third of the time.

Nearly every record is of a native system call whose texts could be read.  Of such a one most of
the line is known before it comes: what belongs to the event alone, and what belongs to the thread
(``context``), which is taken from a line that was made the long way.  A template is filled with the
rest.  All other records go the long way: ``line`` returns None.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from functools import lru_cache
from struct import Struct
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from .argument_types import Shape, shape_of
from .catalogue import EventDefinition
from .event import TraceEvent
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

REST: Final = "=QQ16xq112x"
"""Of the header: time, mask and return value; the remainder is the context, and the numbers
of the event and of the call."""

CONTEXTS: Final = 4096
TEXTS: Final = 4096
LONG_TEXT: Final = 256
"""More bytes are not kept."""

Text: TypeAlias = Callable[[Any], str]
"""Prints a value, exactly as the printer of the format does."""


class Format(Protocol):
    """What a format adds to the filling of templates."""

    def template(self, event: EventDefinition, types: list[str]) -> str:
        """Return the ``%`` template of an event's lines, for ``values`` and its arguments."""

    def context(self, event: TraceEvent) -> Any:
        """Return what of a line belongs to the thread."""

    def values(self, time: int, context: Any, mask: int, retval: int) -> tuple[Any, ...]:
        """Return the values of a template that are no arguments."""

    def text(self, value: Any) -> str:
        """Return a value as it stands in a line; raises UnicodeError if it needs more care."""


class JsonFormat:
    """JSON lines."""

    def __init__(self) -> None:
        self._printer = JsonPrinter()
        self._encode = msgspec.json.Encoder().encode

    def template(self, event: EventDefinition, types: list[str]) -> str:
        """Return the line with its fields in the order of TraceEvent."""
        args = ",".join(
            f'{{"name":"{argument.name}","type":"{type_}","value":%s}}'
            for argument, type_ in zip(event.args, types, strict=True)
        )
        return (
            f'{{"timestamp":%d%s,"eventId":"{event.id}","eventName":"{event.name}",'
            f'"matchedScopes":%d,"argsNum":{len(event.args)},"returnValue":%d,'
            f'"syscall":"{event.name}","stackAddresses":null,"contextFlags":%s,"args":[{args}]}}\n'
        )

    def context(self, event: TraceEvent) -> tuple[str, str]:
        """Return the fields from the start of the thread to the event, and the flags."""
        line = self._printer.line(event).decode()
        # No text can look so: in texts the quotes are escaped.
        middle = line[line.index(',"threadStartTime":') : line.index(',"eventId":')]
        return middle, self._encode(event.context_flags).decode()

    def values(
        self, time: int, context: tuple[str, str], mask: int, retval: int
    ) -> tuple[Any, ...]:
        """Return them in the order of the template."""
        return time, context[0], mask, retval, context[1]

    def text(self, value: Any) -> str:
        """Return a value as JSON; UnicodeEncodeError where there are bytes that are not UTF-8."""
        return go_escaped(self._encode(value)).decode()


class TableFormat:
    """The tables."""

    def __init__(self, printer: TablePrinter) -> None:
        self._printer = printer

    def template(self, event: EventDefinition, types: list[str]) -> str:  # noqa: ARG002
        """Return the row; a table shows no types."""
        args = ", ".join(f"{argument.name}: %s" for argument in event.args)
        return self._printer.row_template(event.name) + args + "\n"

    def context(self, event: TraceEvent) -> str:
        """Return the cells between those of the event."""
        return self._printer.context_cells(event)

    def values(self, time: int, context: str, mask: int, retval: int) -> tuple[Any, ...]:
        """Return them in the order of the template."""
        return self._printer.row_values(time, context, mask, retval)

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
        self._values = format_.values
        self._view = view
        self._epoch = view.epoch
        self._apart = apart
        self._events: dict[int, QuickEvent] = {}
        self._contexts: dict[bytes, Any] = {}

    def line(self, record: bytes) -> bytes | None:
        """Return the line of a record, None if it must go the long way."""
        number = record[EVENT_AT] | record[EVENT_AT + 1] << 8
        event = self._events.get(number)
        if event is None and (event := self._prepare(number)) is None:
            return None
        key = record[16:32] + record[48 : HEADER.size]
        context = self._contexts.get(key)
        if context is None and (context := self._learn(key, record)) is None:
            return None
        time, mask, retval, *slots = event.unpack(record)
        if not mask:
            return None
        if event.converted and not event.convert(slots, record):
            return None
        values = self._values(time + self._epoch, context, mask, retval)
        return (event.template % (*values, *slots)).encode(errors="surrogateescape")

    def _prepare(self, number: int) -> QuickEvent | None:
        event = self._decode.definition(number)
        if not event.syscall or event.name in self._apart or event.name in FINISHERS:
            return None
        prepared = self._events[number] = QuickEvent(event, self._format, self._view)
        return prepared

    def _learn(self, key: bytes, record: bytes) -> Any:
        """Return what a line shows of the thread.

        None for 32-bit calls, and for a container of which more may become known.
        """
        if record[FLAGS_AT] & FLAG_COMPAT:
            return None
        event = self._decode(record)
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
        self._data = layout.size
        self._text = format_.text
        printers = [printer_of(event.name, a) if view.printed else None for a in event.args]
        types = [
            printed_type(event.name, argument) if printer else argument.type
            for argument, printer in zip(event.args, printers, strict=True)
        ]
        self.template = format_.template(event, types)
        self.converted = [
            (place, *converter)
            for place, (shape, printer) in enumerate(zip(shapes, printers, strict=True))
            if (converter := self._converter(shape, printer))
        ]

    def _converter(self, shape: Shape, printer: PrinterOf | None) -> tuple[bool, Text] | None:
        """Return whether an argument lies behind the slots, and what prints it.

        None for a number that stands in the line as it is.
        """
        text, from_data = self._text, FROM_DATA.get(shape)
        if from_data is not None:
            return True, remembering(lambda data: text(from_data(data)))
        if shape is Shape.BOOL:
            return False, text
        if printer is not None:
            return False, lru_cache(TEXTS)(lambda value: text(printer(value)))
        return None

    def convert(self, slots: list[Any], record: bytes) -> bool:
        """Put texts in the place of what is in the slots; return False if one is not plain."""
        at = self._data
        try:
            for place, behind, text in self.converted:
                slot = slots[place]
                if not behind:
                    slots[place] = text(slot)
                    continue
                if slot >> 32:
                    return False
                slots[place] = text(record[at : at + slot])
                at += slot
        except (UnicodeError, ValueError):
            return False
        return True


def remembering(text: Text) -> Text:
    """Return a function that need not print again what it printed lately, if that is short."""
    remembered = lru_cache(TEXTS)(text)
    return lambda data: remembered(data) if len(data) <= LONG_TEXT else text(data)


def quick_lines(
    decoder: RecordDecoder, printers: Iterable[Printer], view: View, apart: Container[str]
) -> tuple[QuickLines, ...]:
    """Return what makes the lines of some printers."""
    formats = [
        TableFormat(printer) if isinstance(printer, TablePrinter) else JsonFormat()
        for printer in printers
    ]
    return tuple(QuickLines(decoder, format_, view, apart) for format_ in formats)
