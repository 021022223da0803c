"""Scopes as they are drawn: some of their values are known only where and when a run starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import fsencode
from typing import Any, TypeAlias

from model.scope import Binary, Condition, EventField, Key, Op, Pattern, Scope

Known: TypeAlias = Mapping[str, Any]
"""The facts of ``launch.launch_facts``."""


@dataclass(frozen=True)
class Later:
    """A condition whose value is a fact of the launch; to a number, something is added."""

    key: Key | EventField
    op: Op
    fact: str
    add: int = 0

    def resolve(self, facts: Known) -> Condition:
        """The condition, its value in place."""
        value = facts[self.fact]
        known = Pattern(fsencode(value)) if isinstance(value, str) else value + self.add
        return Condition(self.key, self.op, known)


@dataclass(frozen=True)
class Program:
    """A condition on the binary: a name in the run's directory, in a mount namespace or any."""

    op: Op
    name: str
    mntns: str = ""
    add: int = 0

    def resolve(self, facts: Known) -> Condition:
        """The condition, its path in place."""
        inode: Any = facts[self.mntns] if self.mntns else None
        if self.add:
            inode += self.add
        path = fsencode(f"{facts['directory']}/{self.name}")
        return Condition(Key.BINARY, self.op, Binary(path, inode))


DrawnCondition: TypeAlias = Condition | Later | Program


@dataclass(frozen=True)
class Drawn:
    """A scope in which conditions may be open; per-event filters add their events."""

    number: int
    events: frozenset[str]
    conditions: frozenset[DrawnCondition] = frozenset()
    follow: bool = False

    def resolve(self, facts: Known) -> Scope:
        """The scope for a launch."""
        conditions = frozenset(
            one if isinstance(one, Condition) else one.resolve(facts) for one in self.conditions
        )
        keys = (condition.key for condition in conditions)
        filtered = {key.event for key in keys if isinstance(key, EventField)}
        return Scope(self.number, self.events | filtered, conditions, self.follow)
