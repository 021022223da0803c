# SPDX-License-Identifier: Apache-2.0
"""Fields of an expected event for filters, as values and as printed (rule 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tracee_ref.decode.argument_text import argument_formatter
from tracee_ref.events.catalogue import EventDefinition
from tracee_ref.model.facts import FieldValue, Process
from tracee_ref.model.scope import FieldKey, Part
from tracee_ref.strings import bytes_of


def fields_of(
    event: EventDefinition, process: Process, inner: tuple[int, int], result: int,
    args: Mapping[str, Any], *, at_return: Mapping[str, Any],
) -> dict[FieldKey, FieldValue]:  # fmt: skip
    """Return the arguments in ``args``, the result, and the context without times and parents.

    ``inner`` has the ids of process and thread in their own pid namespace, ``at_return`` the second
    value of arguments that changed (rule 19).
    """
    context: dict[str, int | bytes] = {
        "processId": inner[0],
        "threadId": inner[1],
        "hostProcessId": process.pid,
        "hostThreadId": process.tid,
        "userId": process.uid,
        "processName": process.comm,
        "hostName": process.uts,
        "mountNamespace": process.mntns,
        "pidNamespace": process.pidns,
        "container": process.container is not None,
    }
    if process.container is not None:
        context["containerId"] = bytes_of(process.container.id)
    fields = {(Part.CONTEXT.value, name): unprinted(value) for name, value in context.items()}
    fields[Part.RETVAL.value, ""] = unprinted(result)
    return {**fields, **dict(arguments(event, args, at_return))}


def unprinted(value: int | bytes) -> FieldValue:
    """Return a value that has no printed form of its own, such as a name for a number."""
    return FieldValue(value, value if isinstance(value, bytes) else b"%d" % value)


def arguments(
    event: EventDefinition, args: Mapping[str, Any], at_return: Mapping[str, Any]
) -> Iterator[tuple[FieldKey, FieldValue]]:
    """Yield the arguments that are strings, and those that are numbers with their printed form."""
    for argument in event.args:
        value, printer = args.get(argument.name), argument_formatter(event.name, argument)
        key = (Part.ARGS.value, argument.name)
        if isinstance(value, str):
            later = at_return.get(argument.name)
            changed = None if later is None else unprinted(bytes_of(later))
            yield key, replace(unprinted(bytes_of(value)), at_return=changed)
        elif isinstance(value, int):
            yield key, FieldValue(value, bytes_of(printer(value))) if printer else unprinted(value)
