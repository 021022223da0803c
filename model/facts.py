# SPDX-License-Identifier: Apache-2.0
"""Facts of an event: its process, and the values of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .filters import Binary, FieldKey


@dataclass(frozen=True, slots=True)
class Container:
    """The container of a process; ``new`` if it started after tracing did (rule 11)."""

    id: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """A task at the moment of an event (rule 17); ids are of the initial namespaces.

    ``binary`` is the executed file, None if unknown; ``new`` processes started after tracing did
    (rule 9); ``ancestry`` has the ids of the process and of its ancestors by fork (rule 12);
    ``followed`` is the mask of the scopes that follow it (rule 13); ``tracer`` is True for the
    tracer's own process (rule 14; the name is the key of the vectors).
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
class FieldValue:
    """The value of a field in both forms that rule 7 compares with.

    ``raw`` is a number or bytes, ``printed`` the form of output lines.  ``at_return`` is the value
    at the return of the syscall, if it had changed then (rule 19).
    """

    raw: int | bytes
    printed: bytes
    at_return: FieldValue | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event and its process; a field that could not be read is absent (rule 18)."""

    name: str
    process: Process
    fields: Mapping[FieldKey, FieldValue] = field(default_factory=dict)


def derived(base: Event, name: str, fields: Mapping[FieldKey, FieldValue]) -> Event:
    """Return an event derived from ``base``.

    Rule 15: it has the process of the base and fields of its own, so filters on the base's
    fields, and whether a scope selected the base, do not matter for its mask.
    """
    return Event(name, base.process, fields)
