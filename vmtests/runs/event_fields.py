"""The fields of an event that per-event filters look at, in both spellings of rule 7."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import fsencode
from typing import Any

from model.facts import Process, Shown
from model.scope import FieldKey, Part
from tracee_ref.decode.argument_text import printer_of
from tracee_ref.events.catalogue import EventDefinition


def fields_of(
    event: EventDefinition, process: Process, inner: tuple[int, int], result: int,
    args: Mapping[str, Any],
) -> dict[FieldKey, Shown]:  # fmt: skip
    """The arguments that are known, the result, and the context but for times and parents.

    ``inner`` has the ids of process and thread in their own pid namespace.
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
        context["containerId"] = fsencode(process.container.id)
    known = {(Part.CONTEXT.value, name): both(value) for name, value in context.items()}
    return {**known, (Part.RETVAL.value, ""): both(result), **dict(arguments(event, args))}


def both(value: int | bytes) -> Shown:
    """A value that is printed as it is."""
    return Shown(value, value if isinstance(value, bytes) else b"%d" % value)


def arguments(event: EventDefinition, args: Mapping[str, Any]) -> Iterator[tuple[FieldKey, Shown]]:
    """Texts and numbers, these with their names."""
    for argument in event.args:
        value, printer = args.get(argument.name), printer_of(event.name, argument)
        key = (Part.ARGS.value, argument.name)
        if isinstance(value, str):
            yield key, both(fsencode(value))
        elif isinstance(value, int):
            yield key, Shown(value, fsencode(printer(value))) if printer else both(value)
