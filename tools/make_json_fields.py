# SPDX-License-Identifier: Apache-2.0
"""Generator of docs/reference/json-fields.md and its schema, events.schema.json.

Usage: ``python tools/make_json_fields.py``.  The fields come from the type that the output encodes,
the arguments from the catalogue; tests/output/test_json_fields.py holds both files up to date.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

import msgspec

from tracee_ref.events.argument_types import shape_of
from tracee_ref.events.catalogue import ArgumentDefinition, EventDefinition
from tracee_ref.events.event import TraceEvent
from tracee_ref.events.shapes import Shape
from tracee_ref.signatures.registry import load_signatures

DIRECTORY: Final = Path(__file__).parents[1] / "docs" / "reference"
PAGE: Final = DIRECTORY / "json-fields.md"
SCHEMA: Final = DIRECTORY / "events.schema.json"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

FIELDS: Final = {
    "timestamp": "time of the event, ns since the epoch (`option:relative-time`: since the start)",
    "threadStartTime": "start of the thread, ns since the epoch",
    "processorId": "CPU",
    "processId": "process id (tgid) in the process's own pid namespace",
    "cgroupId": "id of the cgroup in the hierarchy that names containers",
    "threadId": "thread id (pid) in the process's own pid namespace",
    "parentProcessId": "process id of the parent in the process's own pid namespace",
    "hostProcessId": "process id in the initial pid namespace",
    "hostThreadId": "thread id in the initial pid namespace",
    "hostParentProcessId": "process id of the parent in the initial pid namespace",
    "userId": "real uid in the initial user namespace",
    "mountNamespace": "inode number of the mount namespace",
    "pidNamespace": "inode number of the pid namespace",
    "processName": "comm of the thread, at most 15 bytes",
    "hostName": "node name of the UTS namespace, at most 15 bytes",
    "containerId": "id of the container, 64 hexadecimal digits; empty outside of containers",
    "containerImage": "image of the container, from the files of its runtime",
    "containerName": "name of the container, from the files of its runtime",
    "podName": "name of the pod",
    "podNamespace": "namespace of the pod",
    "podUID": "uid of the pod",
    "podSandbox": "whether the container is the sandbox of its pod",
    "eventId": "id of the event, as text",
    "eventName": "name of the event",
    "matchedScopes": "mask of the scopes that matched: bit N-1 is scope N",
    "argsNum": "number of arguments with a value",
    "returnValue": "result of the system call, 0 for most other events",
    "syscall": "system call of the thread at the time of the event; empty for packets",
    "stackAddresses": "always null",
    "contextFlags": "`containerStarted`: in a container; `isCompat`: a 32-bit system call",
    "args": "arguments, in the order below",
    "argsChanged": "only if arguments in memory changed during the call: their names",
    "argsAtReturn": "these arguments as they were when the call returned",
    "metadata": "of findings of signatures: version, description, tags, properties",
}
"""Meaning of each field, in the order of the output."""

NUMBERS: Final = (Shape.INT32, Shape.UINT32, Shape.UINT16, Shape.INT64, Shape.UINT64, Shape.POINTER)
VALUES: Final = {
    **{shape: ["integer", "string", "null"] for shape in NUMBERS},
    Shape.BOOL: ["boolean", "null"],
    Shape.STRING: ["string", "null"],
    Shape.STRING_ARRAY: ["array", "null"],
    Shape.SOCKADDR: ["object", "null"],
    Shape.INT_PAIR: ["array", "null"],
    Shape.BYTES: ["string", "null"],
    Shape.GIVEN_STRUCTURE: ["object", "array", "null"],
    Shape.STRUCTURE: ["object", "array", "null"],
}
"""JSON types of an argument's value; numbers are strings with ``option:parse-arguments``."""

INTRODUCTION: Final = """\
# JSON fields

For authors of software that reads the output of `-o json`: one object on each line.
`tools/make_json_fields.py` generates this page and [events.schema.json](events.schema.json), a JSON
Schema (draft 2020-12) that is valid for every line; tests check both.

    $ tracee-ref -f event=openat -o json -- cat /etc/hostname | head -n 1 | python3 -m json.tool

## Every event

| field | type | meaning |
|---|---|---|
"""

ARGUMENTS: Final = """
An element of `args` has `name`, `type` (the C type) and `value`. `value` is null if NULL was
passed, or if the argument does not apply; `"unreadable": true` is there only if there was a value
that could not be read (rule 18 of the [semantics](semantics.md)). With `option:parse-arguments`
(the default of tables, not of JSON) numbers that have a symbolic form are strings, such as
`O_RDONLY|O_CLOEXEC`.

Arguments in memory are what a call was given (rule 19). If the memory was something else when the
call returned, `argsChanged` has the names of these arguments, and `argsAtReturn` what was there
then: another thread changed it, or the call itself (`readlink(buf, buf, n)`).

Strings are valid UTF-8. A byte that is not is U+FFFD and two hexadecimal digits, and
U+FFFD is written so itself: you can get the bytes back, see [text](text.md).

| C type | JSON value |
|---|---|
| numbers and pointers | number |
| `bool` | true or false |
| `char*`, `bytes` | string |
| `const char*const*` | array of strings |
| `struct sockaddr*` | object of strings: `sa_family`, then `sin_addr`, `sin_port` and the like |
| structures that a call is given (`struct open_how*`, ...) | object: the members, numbers |
| `int[2]` | array of two numbers |
| `trace.*` (packets) | object with the fields of the header or message |

A structure has the members that the call was given: a program for an older kernel gives fewer. What
follows those of Linux 7.2, if it is not zero, is in hexadecimal as `unknown`. Of several structures
(`futex_waitv`) there is an array, which ends with `"..."` if there were too many to copy.

An *optional* argument is in `args` only if it has a value, and filters have the empty string
otherwise. Tracee v0.12 has none of these. Events of packets have `incomplete` only if the message
is malformed or cut: see [packets](../guide/packets.md#dns-and-http-messages).

## Arguments by event

"""


def main() -> None:
    """Write both files."""
    PAGE.write_text(page(), encoding="utf-8")
    SCHEMA.write_text(schema_text(), encoding="utf-8")


def events() -> list[EventDefinition]:
    """Return the events that can be printed, by name."""
    found = load_signatures((), print).events.values()
    return sorted((e for e in found if e.available and not e.internal), key=lambda e: e.name)


def event_schema() -> dict[str, Any]:
    """Return the schema of the type that the output encodes, all its parts inside."""
    (whole,), parts = msgspec.json.schema_components([TraceEvent], ref_template="#/$defs/{name}")
    for part in parts.values():  # Python 3.13 strips the indentation of docstrings
        if "description" in part:
            part["description"] = cleandoc(part["description"])
    return {"$schema": DIALECT, **whole, "$defs": parts}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a line: the fields, and the arguments of each event."""
    conditions = [
        {
            "if": {"properties": {"eventName": {"const": event.name}}},
            "then": {"properties": {"args": {"prefixItems": list(argument_schemas(event))}}},
        }
        for event in events()
        if event.args
    ]
    return {**event_schema(), "title": "A line of tracee-ref's JSON output", "allOf": conditions}


def schema_text() -> str:
    """Return the schema as a file, the arguments of an event on a line."""
    whole = schema()
    conditions = ",\n".join(json.dumps(condition) for condition in whole.pop("allOf"))
    head = json.dumps(whole, indent=1).removesuffix("\n}")
    return f'{head},\n "allOf": [\n{conditions}\n ]\n}}\n'


def argument_schemas(event: EventDefinition) -> Iterator[dict[str, Any]]:
    """Give the schema of each argument: its name, and the JSON types of its value."""
    for argument in event.args:
        types = VALUES[shape_of(event.name, argument)]
        yield {"properties": {"name": {"const": argument.name}, "value": {"type": types}}}


def page() -> str:
    """Return the page."""
    parts = event_schema()["$defs"]
    properties = parts["TraceEvent"]["properties"]
    rows = (f"| `{name}` | {type_of(properties[name])} | {text} |" for name, text in FIELDS.items())
    arguments = (
        f"- `{event.name}` ({event.id}): " + (", ".join(map(argument_text, event.args)) or "none")
        for event in events()
    )
    return INTRODUCTION + "\n".join(rows) + "\n" + ARGUMENTS + "\n".join(arguments) + "\n"


def argument_text(argument: ArgumentDefinition) -> str:
    """Return name and type of an argument in the page."""
    optional = " *optional*" if argument.optional else ""
    return f"{argument.name} `{argument.type}`{optional}"


def type_of(field: dict[str, Any]) -> str:
    """Return the JSON type of a field in words."""
    if "anyOf" in field:
        return " or ".join(type_of(one) for one in field["anyOf"])
    return str(field.get("type", "object"))


if __name__ == "__main__":
    main()
