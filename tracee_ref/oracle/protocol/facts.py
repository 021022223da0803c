"""Events and the facts of their processes as the data of docs/reference/vectors.md, and back.

A fact that equals its default (0, empty, absent) is left out: a vector shows what matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from model.facts import Container, Event, Process, Shown
from model.filters import Binary, FieldKey

from .encoding import Data, bytes_data, number_data, read_bytes, read_number

DEFAULTS: Final = Process()
RENAMED: Final = {"ancestry": "ancestors"}


def binary_data(binary: Binary | None) -> Data:
    """Return a program file and its mount namespace for JSON."""
    if binary is None:
        return None
    inode = binary.mntns if isinstance(binary.mntns, int) else 0
    return {"path": bytes_data(binary.path), "mntns": number_data(inode)}


def read_binary(data: Data) -> Binary | None:
    """Return a program file."""
    return data and Binary(read_bytes(data["path"]), read_number(data["mntns"]))


def container_data(container: Container | None) -> Data:
    """Return a container for JSON."""
    return container and {"id": container.id, "new": container.new}


def read_container(data: Data) -> Container | None:
    """Return a container."""
    return data and Container(data["id"], data.get("new", False))


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
    "ancestry": frozenset,
    "followed": read_number,
}
"""How the facts that are no plain numbers and no truth values are written and read."""


def process_data(process: Process) -> Data:
    """Return the facts of a process for JSON."""
    names = [one.name for one in fields(Process)]
    return {
        RENAMED.get(name, name): WRITERS.get(name, lambda value: value)(getattr(process, name))
        for name in names
        if getattr(process, name) != getattr(DEFAULTS, name)
    }


def read_process(data: Mapping[str, Data]) -> Process:
    """Return the facts of a process."""
    names = {RENAMED.get(one.name, one.name): one.name for one in fields(Process)}
    pairs = ((names[name], value) for name, value in data.items())
    return Process(**{name: READERS.get(name, lambda v: v)(value) for name, value in pairs})


def event_data(event: Event) -> Data:
    """Return an event for JSON."""
    data = {"name": event.name, "process": process_data(event.process)}
    return data | ({"fields": fields_data(event.fields)} if event.fields else {})


def read_event(data: Mapping[str, Data]) -> Event:
    """Return an event."""
    return Event(data["name"], read_process(data["process"]), read_fields(data.get("fields", ())))


def fields_data(shown: Mapping[FieldKey, Shown]) -> list[Data]:
    """Return the fields of an event for JSON, in a fixed order."""
    return [
        {"part": part, "name": name, **shown_data(value)}
        for (part, name), value in sorted(shown.items())
    ]


def shown_data(value: Shown) -> dict[str, Data]:
    """Return both spellings of a value for JSON."""
    return {"raw": raw_data(value.raw), "printed": bytes_data(value.printed)}


def raw_data(raw: int | bytes) -> Data:
    """Return a raw value for JSON: a number, or a text."""
    return {"text": bytes_data(raw)} if isinstance(raw, bytes) else {"number": number_data(raw)}


def read_fields(data: Iterable[Data]) -> dict[FieldKey, Shown]:
    """Return the fields that were read; those marked as unread are absent (rule 18)."""
    return {
        (one["part"], one["name"]): Shown(read_raw(one["raw"]), read_bytes(one["printed"]))
        for one in data
        if not one.get("unread")
    }


def read_raw(data: Mapping[str, Data]) -> int | bytes:
    """Return a raw value."""
    return read_number(data["number"]) if "number" in data else read_bytes(data["text"])
