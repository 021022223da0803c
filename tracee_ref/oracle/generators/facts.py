# SPDX-License-Identifier: Apache-2.0
"""Random facts near the values in the filters of some scopes, from a seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Final

from ...model.facts import Container, Event, FieldValue, Process
from ...model.filters import (
    Binary,
    Condition,
    ContainerId,
    EventField,
    FieldKey,
    Key,
    Pattern,
    Value,
)
from ...model.scope import COMM_BYTES, Scope
from . import scopes as values
from .scopes import ScopeGenerator

U32: Final = 2**32 - 1
AFFIXES: Final = (b"", b"", b"", b"x", b"s", b"\xff")
ID_SUFFIX: Final = "0f1e2d3c4b5a6978"
FIELDS: Final[dict[str, tuple[EventField, ...]]] = {
    "openat": (values.FLAGS, values.PATHNAME, values.NAME, values.CONTAINER),
    "close": (values.RETVAL,),
    "ptrace": (values.USER,),
    "sched_process_exec": (),
}


class FactGenerator(ScopeGenerator):
    """Generator of facts at and near the values of filters, so that either result is likely."""

    def __init__(self, random: Random, scopes: Iterable[Scope]) -> None:
        super().__init__(random)
        found = sorted({condition for scope in scopes for condition in scope.conditions}, key=repr)
        self._conditions: Sequence[Condition] = found
        self._following = sum(scope.bit for scope in scopes if scope.follow)

    def event(self) -> Event:
        """Return an event, one with filtered fields if there is any."""
        keys = [condition.key for condition in self._conditions]
        filtered = [key.event for key in keys if isinstance(key, EventField)]
        name = self.random.choice(filtered or values.EVENTS)
        return Event(name, self.process(), self.fields(name))

    def process(self) -> Process:
        """Return the facts of a process; thread and process id are often equal."""
        pid = self.number(Key.PID)
        ancestors = {self.number(Key.TREE) for _ in range(self.random.randrange(3))}
        return Process(
            pid=pid,
            tid=self.random.choice((pid, self.number(Key.PID))),
            uid=self.number(Key.UID),
            comm=self.text(Key.COMM)[:COMM_BYTES],
            uts=self.text(Key.UTS)[:COMM_BYTES],
            mntns=self.number(Key.MNTNS),
            pidns=self.number(Key.PIDNS),
            binary=self.binary(),
            container=self.container(),
            new=self.one_in(2),
            ancestry=frozenset(ancestors),
            followed=self._following if self.one_in(3) else 0,
            tracer=self.one_in(30),
        )

    def filter_value(self, key: Key | EventField) -> Value | None:
        """Return a value of a filter on `key`, or None."""
        values = [condition.value for condition in self._conditions if condition.key == key]
        return self.random.choice(values) if values and not self.one_in(6) else None

    def number(self, key: Key) -> int:
        """Return a 32-bit number, equal or next to the value of a filter."""
        value = self.filter_value(key)
        if isinstance(value, int):
            return min(max(value + self.random.choice((-1, 0, 0, 0, 1)), 0), U32)
        return self.random.choice((0, 1, 77))

    def text(self, key: Key | EventField) -> bytes:
        """Return a string that contains the value of a filter."""
        value = self.filter_value(key)
        text = value.text if isinstance(value, Pattern) else b"other"
        return self.random.choice(AFFIXES) + text + self.random.choice(AFFIXES)

    def binary(self) -> Binary | None:
        """Return an executable file, or None."""
        value = self.filter_value(Key.BINARY)
        path = value.path if isinstance(value, Binary) else b"/bin/other"
        path += self.random.choice((b"", b"", b"x"))
        return None if self.one_in(8) else Binary(path, self.random.choice(values.INODES))

    def container(self) -> Container | None:
        """Return a container with an id near the value of a filter, or None."""
        value = self.filter_value(Key.CONTAINER)
        start = value.prefix if isinstance(value, ContainerId) else "9"
        start = self.random.choice(("", "", "", "8")) + start
        return None if self.one_in(4) else Container((start + ID_SUFFIX)[:8], self.one_in(2))

    def fields(self, name: str) -> dict[FieldKey, FieldValue]:
        """Return the fields of an event, some of them absent."""
        return {
            (key.part.value, key.name): self.field_value(key)
            for key in FIELDS[name]
            if not self.one_in(8)
        }

    def field_value(self, key: EventField) -> FieldValue:
        """Return the raw and the printed form of a field."""
        if key in (values.PATHNAME, values.NAME):
            text = self.text(key)
            return FieldValue(text, text)
        if key is values.CONTAINER:
            return self.random.choice((FieldValue(1, b"true"), FieldValue(0, b"false")))
        value = self.filter_value(key)
        number = self.random.choice(values.NUMBERS_64_BIT)
        if isinstance(value, int):
            number = value + self.random.choice((-1, 0, 1))
        number = min(max(number, -(2**63)), 2**63 - 1)
        named = key is values.FLAGS and self.one_in(2)
        return FieldValue(number, self.random.choice(values.PRINTED) if named else b"%d" % number)
