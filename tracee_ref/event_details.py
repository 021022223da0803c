# SPDX-License-Identifier: Apache-2.0
"""Descriptions of single events, for ``--list EVENT`` and ``--list --json``."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from .events.argument_types import TYPES_BY_SHAPE, shape_of
from .events.catalogue import AT_START, EventDefinition
from .events.declarations import DYNAMIC_IDS
from .events.probe_hooks import TracepointHook, UserHook
from .events.shapes import Shape
from .filters.events import MissingFeature

Data: TypeAlias = dict[str, Any]

FORMS: Final[Mapping[Shape, str]] = {
    **dict.fromkeys(TYPES_BY_SHAPE, "number"),
    Shape.POINTER: "address",
    Shape.STRING: "string",
    Shape.STRING_ARRAY: "strings",
    Shape.SOCKADDR: "socket address",
    Shape.INT_PAIR: "two numbers",
    Shape.BYTES: "bytes",
    Shape.NUMBERS: "numbers",
    Shape.ADDRESS: "IP address",
}
STRUCTURE: Final = "structure"
"""What arguments are, by their shape."""

EXAMPLES: Final = {"path": "/etc/*", "file": "/etc/*", "comm": "cat"}
"""Examples of strings, by a part of the name of the argument."""

ROW: Final = "  {:<12} {}"


def event_data(event: EventDefinition, missing_feature: MissingFeature) -> Data:
    """Return the description of an event as data that JSON can hold."""
    return {
        "name": event.name,
        "id": None if event.id in DYNAMIC_IDS else event.id,
        "sets": sorted(event.sets),
        "arguments": [
            {"name": a.name, "type": a.type, "form": FORMS.get(shape_of(event.name, a), STRUCTURE)}
            for a in event.args
        ],
        "hook": hook_text(event),
        "derivedFrom": list(event.bases),
        "needs": missing_feature(event) if event.available else "",
        "supported": event.available,
        "example": [*example_flags(event)],
    }


def hook_text(event: EventDefinition) -> str:
    """Return where programs are attached for an event; empty for events of user space."""
    if isinstance(event.hook, TracepointHook):
        return f"tracepoint {event.hook.point}"
    if isinstance(event.hook, UserHook):
        where = ", ".join(f"{site.offset:#x}" for site in event.hook.sites)
        return f"{'return of ' if event.hook.at_return else ''}{event.hook.path} at {where}"
    if event.syscall:
        return "end of the system call"
    if event.declaration is not None:
        points = (" or ".join(point) for point in event.declaration.points)
        return f"{event.declaration.hook.value} {', '.join(points)}"
    if event.functions and not event.bases:
        return f"kprobe {', '.join(event.functions)}"
    return "" if event.bases or event.name in AT_START else "raw tracepoint"


def example_flags(event: EventDefinition) -> Iterator[str]:
    """Yield flags that select some of the events."""
    yield f"event={event.name}"
    shapes = {argument.name: shape_of(event.name, argument) for argument in event.args}
    strings = {
        name: next((text for part, text in EXAMPLES.items() if part in name), "*part*")
        for name, shape in shapes.items()
        if shape is Shape.STRING
    }
    numbers = [name for name, shape in shapes.items() if shape in TYPES_BY_SHAPE]
    if strings:
        name, text = min(strings.items(), key=lambda item: item[1].startswith("*"))
        yield f"{event.name}.args.{name}={text}"
    elif numbers:
        yield f"{event.name}.args.{numbers[0]}>0"
    else:
        yield "comm=cat"


def event_text(data: Data) -> str:
    """Return the description of an event for people."""
    return "\n".join([data["name"], *_rows(data)]) + "\n"


def _rows(data: Data) -> Iterator[str]:
    yield ROW.format("id", data["id"] or "another in each run")
    yield ROW.format("sets", " ".join(data["sets"]) or "none")
    if data["hook"]:
        yield ROW.format("hook", data["hook"])
    if data["derivedFrom"]:
        yield ROW.format("derived from", " ".join(data["derivedFrom"]))
    yield ROW.format("available", _availability(data))
    for index, argument in enumerate(data["arguments"]):
        text = f"{argument['type']} {argument['name']}"
        yield ROW.format("arguments" if index == 0 else "", f"{text:<40} {argument['form']}")
    if not data["arguments"]:
        yield ROW.format("arguments", "none")
    flags = " ".join(f"-f {shlex.quote(flag)}" for flag in data["example"])
    yield ROW.format("example", f"tracee-ref {flags}")


def _availability(data: Data) -> str:
    if not data["supported"]:
        return "not supported yet"
    return f"not here: needs {data['needs']}" if data["needs"] else "yes"
