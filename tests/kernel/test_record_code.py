# SPDX-License-Identifier: Apache-2.0
"""C code of programs at tracepoints.

vmtests/test_tracepoint_events.py runs such programs; what few tracepoints have is tested here.
"""

from __future__ import annotations

import pytest

from tracee_ref.events.catalogue import EventDefinition
from tracee_ref.events.probe_hooks import TracepointField, TracepointHook
from tracee_ref.events.shapes import Shape
from tracee_ref.kernel.probes.programs import probe_programs

STATEMENTS = {
    TracepointField("x", "short", Shape.INT64, 44, 2, signed=True): (
        "set_slot(record, 0, (s64)(s16)FIELD_AT(ctx, u16, 44))"
    ),
    TracepointField("x", "u8", Shape.UINT64, 9, 1): "set_slot(record, 0, FIELD_AT(ctx, u8, 9))",
    TracepointField("x", "long", Shape.INT64, 16, 8, signed=True): (
        "set_slot(record, 0, FIELD_AT(ctx, u64, 16))"
    ),
    TracepointField("x", "__u8[4]", Shape.ADDRESS, 22, 4): (
        "set_slot(record, 0, put_array(record, (char *)ctx + 22, 4))"
    ),
    TracepointField("x", "u64[]", Shape.NUMBERS, 20, 4, element="Q", location="__rel_loc"): (
        "put_array(record, LOCATED(ctx, 24, FIELD_AT(ctx, u32, 20)), LOCATED_SIZE("
    ),
}


@pytest.mark.parametrize(("field", "statement"), STATEMENTS.items())
def test_record_code_field(field: TracepointField, statement: str) -> None:
    """A number is extended by its sign, an array is copied from its location."""
    hook = TracepointHook("group:name", (field,))
    event = EventDefinition(1024, "x", False, frozenset(), (), True, hook=hook)
    assert statement in probe_programs([event])
