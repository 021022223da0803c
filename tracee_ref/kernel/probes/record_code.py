# SPDX-License-Identifier: Apache-2.0
"""C code of the programs at tracepoints, from the formats of their records.

Its parts are in bpf/events/probes.h.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...events.argument_types import TYPES_BY_SHAPE
from ...events.catalogue import EventDefinition
from ...events.probe_hooks import TracepointField, TracepointHook
from ...events.record_formats import RELATIVE
from ...events.shapes import Shape

LOCATION_BYTES: Final = 4
RETURNED: Final = "ret"
CALL_GROUPS: Final = ("syscalls", "raw_syscalls")
"""Groups in which a field of this name is what the system call returns."""

FILLER: Final = """
TRACEPOINT({program}, {number})
int {filler}(void *ctx)
{{
	struct probe_record *record = current_probe();
	if (!record)
		return 0;
	record->end = {start};
{statements}
	submit_probe(LEVEL_PROBE, record);
	return 0;
}}
"""


def program_of(event: EventDefinition) -> str:
    """Return the name of the BPF function at the hook of an event."""
    return f"on_probe_{event.id}"


def filler_of(event: EventDefinition) -> str:
    """Return the name of the BPF function that fills the record of an event."""
    return f"put_probe_{event.id}"


def record_programs(event: EventDefinition, hook: TracepointHook) -> str:
    """Return the C text of the programs of an event at a tracepoint."""
    return FILLER.format(
        program=program_of(event),
        filler=filler_of(event),
        number=event.id,
        start=8 * len(hook.fields),
        statements="\n".join(f"\t{statement};" for statement in _statements(hook)),
    )


def _statements(hook: TracepointHook) -> Iterator[str]:
    of_call = hook.point.partition(":")[0] in CALL_GROUPS
    for index, field in enumerate(hook.fields):
        value = _value(field)
        setter = "set_text(LEVEL_PROBE, " if field.shape is Shape.STRING else "set_slot("
        yield f"{setter}record, {index}, {value})"
        if of_call and field.name == RETURNED:
            yield f"record->sent.header.retval = {value}"


def _value(field: TracepointField) -> str:
    """Return the C expression of the slot of a field."""
    if field.location:
        return _located(field)
    if field.shape is Shape.STRING and "*" not in field.type:
        return f"put_characters(record, (char *)ctx + {field.offset}, {field.size})"
    if field.shape is Shape.STRING:
        return f"put_text(record, {_number(field)})"
    if field.shape in TYPES_BY_SHAPE or field.shape is Shape.POINTER:
        return _number(field)
    return f"put_array(record, (char *)ctx + {field.offset}, {field.size})"


def _number(field: TracepointField) -> str:
    bits = 8 * field.size
    load = f"FIELD_AT(ctx, u{bits}, {field.offset})"
    return f"(s64)(s{bits}){load}" if field.signed and bits < 64 else load


def _located(field: TracepointField) -> str:
    base = field.offset + LOCATION_BYTES if RELATIVE in field.location else 0
    location = f"FIELD_AT(ctx, u32, {field.offset})"
    start = f"LOCATED(ctx, {base}, {location})"
    if field.shape is Shape.STRING:
        return f"put_string(&record->end, record->sent.data, {start})"
    return f"put_array(record, {start}, LOCATED_SIZE({location}))"
