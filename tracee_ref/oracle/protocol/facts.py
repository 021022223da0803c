# SPDX-License-Identifier: Apache-2.0
"""JSON form of events and of the facts of their processes.

The format is described in docs/reference/vectors.md.
A fact that equals its default (0, empty, absent) is omitted, to keep vectors short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from ...model.facts import Container, Event, FieldValue, Process
from ...model.filters import Binary, FieldKey
from .encoding import Data, FormatError, bytes_data, number_data, read_bytes, read_number

DEFAULTS: Final = Process()
JSON_NAMES: Final = {"ancestry": "ancestors"}
"""Fields of ``Process`` that have another name in JSON."""


def binary_data(binary: Binary | None) -> Data:
    """Encode the path of an executable file and its mount namespace."""
    if binary is None:
        return None
    inode = binary.mntns if isinstance(binary.mntns, int) else 0
    return {"path": bytes_data(binary.path), "mntns": number_data(inode)}


def read_binary(data: Data) -> Binary | None:
    """Decode the path of an executable file and its mount namespace."""
    return data and Binary(read_bytes(data["path"]), read_number(data["mntns"]))


def container_data(container: Container | None) -> Data:
    """Encode a container."""
    return container and {"id": container.id, "new": container.new}


def read_container(data: Data) -> Container | None:
    """Decode a container."""
    return data and Container(typed(data["id"], str), typed(data.get("new", False), bool))


def typed(value: Data, kind: type) -> Any:
    """Return a value; raise FormatError if it is not of a type."""
    if type(value) is not kind:
        raise FormatError(f"{value!r} is no {kind.__name__}")
    return value


def read_ancestry(data: Data) -> frozenset[int]:
    """Decode the ids of a process and its ancestors."""
    return frozenset(typed(pid, int) for pid in typed(data, list))


WRITERS: Final[Mapping[str, Callable[[Any], Data]]] = {
    "comm": bytes_data,
    "uts": bytes_data,
    "mntns": number_data,
    "pidns": number_data,
    "binary": binary_data,
    "container": container_data,
    "ancestry": sorted,
    "followed": number_data,
}
READERS: Final[Mapping[str, Callable[[Data], Any]]] = {
    "comm": read_bytes,
    "uts": read_bytes,
    "mntns": read_number,
    "pidns": read_number,
    "binary": read_binary,
    "container": read_container,
    "ancestry": read_ancestry,
    "followed": read_number,
}
"""Encoders and decoders of the facts that are neither 32-bit numbers nor booleans."""


def process_data(process: Process) -> Data:
    """Encode the facts of a process."""
    names = [field.name for field in fields(Process)]
    return {
        JSON_NAMES.get(name, name): WRITERS.get(name, lambda value: value)(getattr(process, name))
        for name in names
        if getattr(process, name) != getattr(DEFAULTS, name)
    }


def read_process(data: Mapping[str, Data]) -> Process:
    """Decode the facts of a process."""
    names = {JSON_NAMES.get(field.name, field.name): field.name for field in fields(Process)}
    pairs = ((names[name], value) for name, value in data.items())
    return Process(**{name: reader(name)(value) for name, value in pairs})


def reader(name: str) -> Callable[[Data], Any]:
    """Return the decoder of a fact: of a 32-bit number or boolean if READERS has none."""
    kind = type(getattr(DEFAULTS, name))
    return READERS.get(name) or (lambda value: typed(value, kind))


def event_data(event: Event) -> Data:
    """Encode an event."""
    data = {"name": event.name, "process": process_data(event.process)}
    return data | ({"fields": fields_data(event.fields)} if event.fields else {})


def read_event(data: Mapping[str, Data]) -> Event:
    """Decode an event."""
    name, process = typed(data["name"], str), read_process(typed(data["process"], dict))
    return Event(name, process, read_fields(typed(data.get("fields", []), list)))


def fields_data(values: Mapping[FieldKey, FieldValue]) -> list[Data]:
    """Encode the fields of an event, sorted by part and name."""
    return [
        {"part": part, "name": name, **value_data(value)}
        for (part, name), value in sorted(values.items())
    ]


def value_data(value: FieldValue) -> dict[str, Data]:
    """Encode the raw and the printed form of a value, and those at the return if it changed."""
    data = {"raw": raw_data(value.raw), "printed": bytes_data(value.printed)}
    return data | ({"at_return": value_data(value.at_return)} if value.at_return else {})


def raw_data(raw: int | bytes) -> Data:
    """Encode a raw value, a number or a byte string."""
    return {"text": bytes_data(raw)} if isinstance(raw, bytes) else {"number": number_data(raw)}


def read_fields(data: Iterable[Data]) -> dict[FieldKey, FieldValue]:
    """Decode fields; omit those that could not be read (rule 18)."""
    return {
        (typed(field["part"], str), typed(field["name"], str)): read_value(field)
        for field in data
        if not field.get("unread")
    }


def read_value(data: Mapping[str, Data]) -> FieldValue:
    """Decode a value, and the one at the return if it changed (rule 19)."""
    later = data.get("at_return")
    at_return = read_value(later) if later else None
    return FieldValue(read_raw(data["raw"]), read_bytes(data["printed"]), at_return)


def read_raw(data: Mapping[str, Data]) -> int | bytes:
    """Decode a raw value."""
    return read_number(data["number"]) if "number" in data else read_bytes(data["text"])
