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
        """Return what of a line belongs to the thread, and to its scopes."""

    def values(self, time: int, context: Any, retval: int) -> tuple[Any, ...]:
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

    def context(self, event: TraceEvent) -> tuple[str, int, str]:
        """Return the fields from the start of the thread to the event, the mask and the flags."""
        line = self._printer.line(event).decode()
        # No text can look so: in texts the quotes are escaped.
        middle = line[line.index(',"threadStartTime":') : line.index(',"eventId":')]
        return middle, event.matched_scopes, self._encode(event.context_flags).decode()

    def values(self, time: int, context: tuple[str, int, str], retval: int) -> tuple[Any, ...]:
        """Return them in the order of the template."""
        middle, mask, flags = context
        return time, middle, mask, retval, flags

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

    def values(self, time: int, context: str, retval: int) -> tuple[Any, ...]:
        """Return them in the order of the template."""
        return self._printer.clock.text(time), context, retval

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
        self._events: dict[bytes, QuickEvent] = {}
        self._contexts: dict[bytes, Any] = {}

    def line(self, record: bytes) -> bytes | None:
        """Return the line of a record, None if it must go the long way."""
        event = self._events.get(record[EVENT_AT:CALL_AT])
        if event is None and (event := self._prepare(record[EVENT_AT:CALL_AT])) is None:
            return None
        context = self._contexts.get(record[MASK_AT:CONTEXT_END])
        if context is None and (context := self._learn(record)) is None:
            return None
        time, retval, *slots = event.unpack(record)
        at = event.data_at
        try:
            for place, behind, text in event.converted:
                slot = slots[place]
                if not behind:
                    slots[place] = text(slot)
                elif slot >> 32:
                    return None
                else:
                    slots[place] = text(record[at : at + slot])
                    at += slot
        except (UnicodeError, ValueError):
            return None
        values = self._values(time + self._epoch, context, retval)
        return (event.template % (*values, *slots)).encode(errors="surrogateescape")

    def _prepare(self, key: bytes) -> QuickEvent | None:
        event = self._decode.definition(int.from_bytes(key, "little"))
        if not event.syscall or event.name in self._apart or event.name in FINISHERS:
            return None
        prepared = self._events[key] = QuickEvent(event, self._format, self._view)
        return prepared

    def _learn(self, record: bytes) -> Any:
        """Return what a line shows of the thread and its scopes.

        None for 32-bit calls, for a container of which more may become known, and where
        no scope is left.
        """
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
        self._contexts[record[MASK_AT:CONTEXT_END]] = context
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
