# SPDX-License-Identifier: Apache-2.0
"""Random scopes, from a seed.

Only ``Random.random``, ``choice`` and ``randrange`` are used, and nothing depends on the order of
a set, so that a seed gives the same corpus with every version of Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from ...model.filters import (
    NEW,
    Binary,
    Condition,
    ContainerId,
    EventField,
    Key,
    Op,
    Part,
    Pattern,
    Value,
)
from ...model.scope import MAX_SCOPES, Scope

EVENTS: Final = ("openat", "close", "ptrace", "sched_process_exec")
NUMBERS_32_BIT: Final = (0, 1, 2, 5, 9, 10, 1000, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)
INODES: Final = (4026531836, 4026531840, 4026532999)
NUMBERS_64_BIT: Final = (-(2**63), -100, -2, -1, 0, 1, 7, 2**31, 2**53 + 1, 2**63 - 1)
STRINGS: Final = (b"sh", b"bash", b"ssh", b"sshd", b"s", b"a b", b"\xff", b"abcdefghijklmno")
PATHS: Final = (b"/bin/ls", b"/bin/l", b"/usr/bin/ls", b"/\xff\xfe")
IDS: Final = ("0", "0f", "0f1", "f", "f0", "new1")
EQUALITY: Final = (Op.EQ, Op.EQ, Op.NE)
ORDERED: Final = (Op.EQ, *Op)
FLAGS: Final = EventField("openat", Part.ARGS, "flags")
PATHNAME: Final = EventField("openat", Part.ARGS, "pathname")
RETVAL: Final = EventField("close", Part.RETVAL)
USER: Final = EventField("ptrace", Part.CONTEXT, "userId")
NAME: Final = EventField("openat", Part.CONTEXT, "processName")
CONTAINER: Final = EventField("openat", Part.CONTEXT, "container")
KEYS: Final = (*Key, Key.PID, Key.CONTAINER, FLAGS, PATHNAME, RETVAL, USER, NAME, CONTAINER)
PRINTED: Final = (b"O_RDONLY", b"O_WRONLY", b"O_RDWR|O_CLOEXEC")


class ScopeGenerator:
    """Generator of scopes; all choices come from ``random``."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def one_in(self, times: int) -> bool:
        """Return True with a probability of 1 in `times`."""
        return self.random.randrange(times) == 0

    def scopes(self, keys: Sequence[Key | EventField] = KEYS) -> tuple[Scope, ...]:
        """Return 1 to 4 scopes with any numbers."""
        numbers = {self.random.randrange(MAX_SCOPES) + 1 for _ in range(self.random.randrange(4))}
        return tuple(self.scope(number, keys) for number in sorted(numbers | {1}))

    def scope(self, number: int, keys: Sequence[Key | EventField]) -> Scope:
        """Return a scope with conditions on one or two keys: with more, few events match."""
        chosen = [self.random.choice(keys) for _ in range(1 + self.random.randrange(2))]
        count = self.random.randrange(5)
        drawn = [self.condition(self.random.choice(chosen)) for _ in range(count)]
        filtered = {
            condition.key.event for condition in drawn if isinstance(condition.key, EventField)
        }
        events = filtered | {name for name in EVENTS if self.one_in(3)}
        return Scope(number, frozenset(events or EVENTS), frozenset(drawn), self.one_in(4))

    def condition(self, key: Key | EventField) -> Condition:
        """Return a condition on a key."""
        if key in (Key.IN_CONTAINER, CONTAINER):
            return Condition(key, self.random.choice((Op.EQ, Op.NE)), True)
        if key in (Key.PID, Key.CONTAINER) and self.one_in(3):
            return Condition(key, self.random.choice(EQUALITY), NEW)
        ordered = key in (Key.UID, Key.PID, FLAGS, RETVAL, USER)
        op = self.random.choice(ORDERED if ordered else EQUALITY)
        return Condition(key, op, self.value(key, op))

    def value(self, key: Key | EventField, op: Op) -> Value:
        """Return a value for a key, as the flag parser returns it."""
        if key in (Key.UID, Key.PID, Key.TREE):
            return self.random.choice(NUMBERS_32_BIT)
        if key in (Key.MNTNS, Key.PIDNS):
            return self.random.choice(INODES)
        if key is Key.BINARY:
            inode = self.random.choice((None, *INODES))
            return Binary(self.random.choice(PATHS), inode)
        if key is Key.CONTAINER:
            return ContainerId(self.random.choice(IDS))
        if key in (RETVAL, USER) or op not in (Op.EQ, Op.NE):
            return self.random.choice(NUMBERS_64_BIT)
        return self.pattern(key)

    def pattern(self, key: Key | EventField) -> Pattern:
        """Return a pattern, often with ``*``; a numeric argument also gets digits."""
        strings = (*PRINTED, b"0", b"1", b"O_", b"CLO") if key is FLAGS else STRINGS
        string = self.random.choice(strings)
        return Pattern(string, self.one_in(3), self.one_in(3))
