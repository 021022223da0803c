# SPDX-License-Identifier: Apache-2.0
"""Short notation for filters and facts, so that tests read like the command line.

``uid>=5 comm=ba*,x`` are two filters; a value is parsed by the type of its key.  This is not the
parser of the tracer: it reports no errors.
"""

from __future__ import annotations

import re

from tracee_ref.model.facts import Container, Event, FieldValue, Process
from tracee_ref.model.scope import (
    NEW,
    Binary,
    Condition,
    ContainerId,
    EventField,
    FieldKey,
    Key,
    Op,
    Part,
    Pattern,
    Scope,
    Value,
)

NUMBERS = (Key.UID, Key.PID, Key.MNTNS, Key.PIDNS, Key.TREE)
FILTER = re.compile(r"([\w.]+)(!=|<=|>=|=|<|>)(.*)")


def scope(text: str = "", number: int = 1, events: str = "openat", follow: bool = False) -> Scope:
    found = {one for flag in text.split() for one in _conditions(flag)}
    return Scope(number, frozenset(events.split()), frozenset(found), follow)


def event(name: str = "openat", process: Process | None = None, **fields: int | str) -> Event:
    """Return an event with fields named ``args_NAME`` or ``retval``; numbers print in decimal."""
    values = {_field_key(key): _field_value(value) for key, value in fields.items()}
    return Event(name, process or Process(), values)


def process(text: str) -> Process:
    """Facts as ``uid:5 comm:bash container:abc,new``."""
    facts: dict[str, object] = {}
    for fact in text.split():
        name, value = fact.split(":", 1)
        facts[name] = _fact(name, value)
    if "pid" in facts:
        facts.setdefault("tid", facts["pid"])
    return Process(**facts)  # type: ignore[arg-type]


def _conditions(flag: str) -> list[Condition]:
    if flag.endswith("container"):
        return [Condition(Key.IN_CONTAINER, Op.NE if flag[0] == "!" else Op.EQ, True)]
    match = FILTER.fullmatch(flag)
    assert match
    name, op, values = match.groups()
    key = _key(name)
    return [Condition(key, Op(op), _value(key, value)) for value in values.split(",")]


def _key(name: str) -> Key | EventField:
    if "." not in name:
        return Key(name)
    event_name, part, *rest = name.split(".")
    return EventField(event_name, Part(part), *rest)


def _value(key: Key | EventField, text: str) -> Value:
    if text == "new":
        return NEW
    if key is Key.CONTAINER:
        return ContainerId(text)
    if key is Key.BINARY:
        namespace, path = text.rsplit(":", 1) if ":" in text else ("", text)
        return Binary(path.encode(), int(namespace) if namespace else None)
    if key in NUMBERS or (isinstance(key, EventField) and re.fullmatch(r"#-?\d+", text)):
        return int(text.lstrip("#"))
    bare = text.strip("*").encode()
    return Pattern(bare, text.startswith("*"), len(text) > 1 and text.endswith("*"))


def _field_key(name: str) -> FieldKey:
    part, _, rest = name.partition("_")
    return part, rest


def _field_value(value: int | str) -> FieldValue:
    """A text ``5=O_RDWR`` is the number 5 that is printed as the name."""
    if isinstance(value, int):
        return FieldValue(value, b"%d" % value)
    raw, named, printed = value.partition("=")
    return (
        FieldValue(int(raw), printed.encode()) if named else FieldValue(raw.encode(), raw.encode())
    )


def _fact(name: str, text: str) -> object:
    if name in ("comm", "uts"):
        return text.encode()
    if name == "binary":
        namespace, path = text.split(":")
        return Binary(path.encode(), int(namespace))
    if name == "container":
        container_id, _, new = text.partition(",")
        return Container(container_id, bool(new))
    if name == "ancestry":
        return frozenset(map(int, text.split(",")))
    return bool(int(text)) if name in ("new", "tracer") else int(text)
