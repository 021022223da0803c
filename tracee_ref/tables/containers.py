# SPDX-License-Identifier: Apache-2.0
"""Table of containers: from a prefix of an id to the scopes that accept it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from ..model.facts import Container, Process
from ..model.match import process_filters_hold
from ..model.scope import ContainerId, Key, Scope
from .intervals import ALL_SCOPES

CONTAINER_KEYS: Final = (Key.CONTAINER, Key.IN_CONTAINER)
ID_DIGITS: Final = 64
PREFIX: Final = re.compile(f"[0-9a-f]{{1,{ID_DIGITS}}}")
"""Prefixes that the id of a container can have; others match nothing."""

Masks: TypeAlias = tuple[int, int]
"""The scopes that accept a container that existed before tracing, and a new one."""


@dataclass(frozen=True, slots=True)
class ContainerTable:
    """The masks of every prefix in a filter, and the mask of a process in no container.

    A container has the masks of the longest prefix of its id; the empty prefix always exists.
    """

    by_prefix: Mapping[str, Masks]
    outside: int

    def accept_old(self, container: str) -> int:
        """Return the scopes that accept a container that existed before tracing."""
        starts = (container[:length] for length in range(len(container), -1, -1))
        return next(self.by_prefix[start][0] for start in starts if start in self.by_prefix)


def container_table(scopes: Sequence[Scope]) -> ContainerTable:
    """Return the table (rule 11)."""
    users = [
        _container_conditions(s) for s in scopes if any(key in s.process for key in CONTAINER_KEYS)
    ]
    mentioned: dict[str, list[Scope]] = {"": users}
    for scope in users:
        for prefix in _prefixes(scope):
            mentioned.setdefault(prefix, []).append(scope)
    outside = _evaluated(ALL_SCOPES, users, Process())
    return ContainerTable(_by_prefix(mentioned), outside)


def _by_prefix(mentioned: Mapping[str, Sequence[Scope]]) -> dict[str, Masks]:
    """Return the masks of each prefix.

    A scope is evaluated at its own prefixes only; at others it has the bit of the next shorter
    prefix.
    """
    masks: dict[str, Masks] = {}
    shorter: list[str] = []
    for prefix in sorted(mentioned):
        while shorter and not prefix.startswith(shorter[-1]):
            shorter.pop()
        old, new = masks[shorter[-1]] if shorter else (ALL_SCOPES, ALL_SCOPES)
        scopes = mentioned[prefix]
        masks[prefix] = (
            _evaluated(old, scopes, Process(container=Container(prefix, new=False))),
            _evaluated(new, scopes, Process(container=Container(prefix, new=True))),
        )
        shorter.append(prefix)
    return masks


def _evaluated(mask: int, scopes: Sequence[Scope], process: Process) -> int:
    """Return the mask with the bits of these scopes as the model has them for a process."""
    for scope in scopes:
        mask = mask | scope.bit if process_filters_hold(scope, process) else mask & ~scope.bit
    return mask


def _container_conditions(scope: Scope) -> Scope:
    """Return the scope with its conditions on containers only."""
    conditions = (condition for key in CONTAINER_KEYS for condition in scope.process.get(key, ()))
    return replace(scope, conditions=frozenset(conditions))


def _prefixes(scope: Scope) -> set[str]:
    values = (condition.value for condition in scope.process.get(Key.CONTAINER, ()))
    prefixes = {value.prefix for value in values if isinstance(value, ContainerId)}
    return {prefix for prefix in prefixes if prefix and PREFIX.fullmatch(prefix)}
