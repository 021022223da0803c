# SPDX-License-Identifier: Apache-2.0
"""Drawn scopes, some of whose values are read on the kernel when a run starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tracee_ref.model.scope import Binary, Condition, EventField, Key, Op, Pattern, Scope
from tracee_ref.strings import bytes_of

LaunchFacts: TypeAlias = Mapping[str, Any]
"""The result of ``launch.launch_facts``."""


@dataclass(frozen=True)
class LaunchCondition:
    """A condition on a fact of the launch; ``add`` is added to a number."""

    key: Key | EventField
    op: Op
    fact: str
    add: int = 0

    def resolve(self, facts: LaunchFacts) -> Condition:
        fact = facts[self.fact]
        value = Pattern(bytes_of(fact)) if isinstance(fact, str) else fact + self.add
        return Condition(self.key, self.op, value)


@dataclass(frozen=True)
class BinaryCondition:
    """A condition on the binary: a file of the run's directory, in one mount namespace or any."""

    op: Op
    name: str
    mntns: str = ""
    add: int = 0

    def resolve(self, facts: LaunchFacts) -> Condition:
        inode: Any = facts[self.mntns] if self.mntns else None
        if self.add:
            inode += self.add
        path = bytes_of(f"{facts['directory']}/{self.name}")
        return Condition(Key.BINARY, self.op, Binary(path, inode))


DrawnCondition: TypeAlias = Condition | LaunchCondition | BinaryCondition


@dataclass(frozen=True)
class DrawnScope:
    """A scope; conditions may need facts of the launch."""

    number: int
    events: frozenset[str]
    conditions: frozenset[DrawnCondition] = frozenset()
    follow: bool = False

    def resolve(self, facts: LaunchFacts) -> Scope:
        """Return the scope of a launch; filters on fields of an event select the event."""
        conditions = frozenset(
            condition if isinstance(condition, Condition) else condition.resolve(facts)
            for condition in self.conditions
        )
        keys = (condition.key for condition in conditions)
        filtered = {key.event for key in keys if isinstance(key, EventField)}
        return Scope(self.number, self.events | filtered, conditions, self.follow)
