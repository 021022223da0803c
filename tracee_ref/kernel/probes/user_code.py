# SPDX-License-Identifier: Apache-2.0
"""C code of the programs at functions and static probes of programs and libraries.

Its parts are in bpf/events/probes.h.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...events.catalogue import EventDefinition
from ...events.probe_hooks import UserHook, UserSite, ValueLocation
from ...events.shapes import Shape

PROGRAM: Final = """
static __always_inline void fill_{program}(struct pt_regs *ctx)
{{
	struct probe_record *record = user_record();
	if (!record || !start_probe(LEVEL_TASK, record, {number}))
		return;
	record->end = {start};
{statements}
	submit_probe(LEVEL_TASK, record);
}}
int {program}(struct pt_regs *ctx)
{{
	disable_preemption();
	fill_{program}(ctx);
	enable_preemption();
	return 0;
}}
"""
RESULT: Final = "record->sent.header.retval = function_result(ctx)"


def site_program(event: EventDefinition, index: int) -> str:
    """Return the name of the BPF function at a site of an event."""
    return f"on_probe_{event.id}_{index}"


def user_programs(event: EventDefinition, hook: UserHook) -> str:
    """Return the C text of the programs of an event, one for each site."""
    return "".join(
        PROGRAM.format(
            program=site_program(event, index),
            number=event.id,
            start=8 * len(hook.arguments),
            statements="\n".join(f"\t{statement};" for statement in _statements(hook, site)),
        )
        for index, site in enumerate(hook.sites)
    )


def _statements(hook: UserHook, site: UserSite) -> Iterator[str]:
    if hook.at_return:
        yield RESULT
    for index, (argument, location) in enumerate(zip(hook.arguments, site.locations, strict=True)):
        value = number_at(location)
        if argument.shape is Shape.STRING:
            yield f"set_text(LEVEL_TASK, record, {index}, put_text(record, {value}))"
        else:
            yield f"set_slot(record, {index}, {value})"


def number_at(location: ValueLocation) -> str:
    """Return the C expression of the number at a location."""
    bits = 8 * location.size
    kind = f"s{bits}" if location.signed else f"u{bits}"
    value = _register_value(location)
    if location.memory:
        value = f"read_user_number({value}, {location.size})"
    return f"(u64)({kind})({value})" if bits < 64 else f"(u64)({value})"


def _register_value(location: ValueLocation) -> str:
    if location.argument is not None:
        return f"function_argument(ctx, {location.argument})"
    terms = [f"{location.offset}LL"]
    if location.base:
        terms.append(f"(u64)ctx->{location.base}")
    if location.scaled:
        terms.append(f"(u64)ctx->{location.scaled} * {location.scale}")
    return " + ".join(terms)
