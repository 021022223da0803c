# SPDX-License-Identifier: Apache-2.0
"""The table of containers: from the start of an id to the scopes that accept the container."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from model.facts import Container, Process
from model.match import process_holds
from model.scope import ContainerId, Key, Scope

from .intervals import ALL

KEYS: Final = (Key.CONTAINER, Key.IN_CONTAINER)
ID_DIGITS: Final = 64
PREFIX: Final = re.compile(f"[0-9a-f]{{1,{ID_DIGITS}}}")
"""What an id can start with; nothing starts with anything else."""

Masks: TypeAlias = tuple[int, int]
"""The scopes that accept a container: one that was there before us, and a new one."""


@dataclass(frozen=True, slots=True)
class Containers:
    """The masks of every prefix that a flag mentions, and of a process in no container.

    A container's masks are those of the longest prefix that its id starts with; the empty one
    is always there.
    """

    by_prefix: Mapping[str, Masks]
    outside: int

    def accept_old(self, container: str) -> int:
        """Return the scopes that accept a container that was there before us."""
        starts = (container[:length] for length in range(len(container), -1, -1))
        return next(self.by_prefix[start][0] for start in starts if start in self.by_prefix)


def containers(scopes: Sequence[Scope]) -> Containers:
    """Return the table (rule 11)."""
    users = [_about_containers(s) for s in scopes if any(key in s.process for key in KEYS)]
    mentioned: dict[str, list[Scope]] = {"": users}
    for scope in users:
        for prefix in _prefixes(scope):
            mentioned.setdefault(prefix, []).append(scope)
    outside = _answers(ALL, users, Process())
    return Containers(_by_prefix(mentioned), outside)


def _by_prefix(mentioned: Mapping[str, Sequence[Scope]]) -> dict[str, Masks]:
    """Ask each scope at its own prefixes only: in between it says what it said above."""
    masks: dict[str, Masks] = {}
    above: list[str] = []
    for prefix in sorted(mentioned):
        while above and not prefix.startswith(above[-1]):
            above.pop()
        old, new = masks[above[-1]] if above else (ALL, ALL)
        asked = mentioned[prefix]
        masks[prefix] = (
            _answers(old, asked, Process(container=Container(prefix, new=False))),
            _answers(new, asked, Process(container=Container(prefix, new=True))),
        )
        above.append(prefix)
    return masks


def _answers(mask: int, asked: Sequence[Scope], process: Process) -> int:
    """Return the mask with the answers of the scopes that are asked put in."""
    for scope in asked:
        mask = mask | scope.bit if process_holds(scope, process) else mask & ~scope.bit
    return mask


def _about_containers(scope: Scope) -> Scope:
    """Return the scope with no other conditions."""
    conditions = (condition for key in KEYS for condition in scope.process.get(key, ()))
    return replace(scope, conditions=frozenset(conditions))


def _prefixes(scope: Scope) -> set[str]:
    values = (condition.value for condition in scope.process.get(Key.CONTAINER, ()))
    prefixes = {value.prefix for value in values if isinstance(value, ContainerId)}
    return {prefix for prefix in prefixes if prefix and PREFIX.fullmatch(prefix)}
