# SPDX-License-Identifier: Apache-2.0
"""What is known when an event happens: the facts of its process, and the event itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .filters import Binary, FieldKey


@dataclass(frozen=True, slots=True)
class Container:
    """The container a process is in; ``new`` if it started after tracing began (rule 11)."""

    id: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """A task at the moment of an event (rule 17); ids are of the initial namespaces.

    ``binary`` is None while unknown; ``ancestry`` holds the process ids that fork descent
    leads through, the process itself included (rule 12); ``followed`` is the mask of the
    scopes that follow it (rule 13); ``tracer`` marks ourselves (rule 14).
    """

    pid: int = 0
    tid: int = 0
    uid: int = 0
    comm: bytes = b""
    uts: bytes = b""
    mntns: int = 0
    pidns: int = 0
    binary: Binary | None = None
    container: Container | None = None
    new: bool = False
    ancestry: frozenset[int] = frozenset()
    followed: int = 0
    tracer: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A field's value in both spellings that rule 7 compares with.

    ``raw`` is a number or bytes, ``printed`` what an output line shows.
    """

    raw: int | bytes
    printed: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; a field that could not be read is absent (rule 18)."""

    name: str
    process: Process
    fields: Mapping[FieldKey, Shown] = field(default_factory=dict)


def derived(base: Event, name: str, fields: Mapping[FieldKey, Shown]) -> Event:
    """Return an event made from ``base``; its mask is asked for as that of any event.

    Rule 15: the process is the base's and the fields are its own, so what a scope selects or
    filters on the base says nothing of it.
    """
    return Event(name, base.process, fields)
