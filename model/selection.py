# SPDX-License-Identifier: Apache-2.0
"""Which events a scope selects, and what they need (rules 5 and 16)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

DEFAULT: Final = frozenset({"default"})


@dataclass(frozen=True, slots=True)
class Selection:
    """The values of ``event=``, ``event!=``, ``set=`` and ``set!=`` of one scope."""

    events: frozenset[str] = frozenset()
    not_events: frozenset[str] = frozenset()
    sets: frozenset[str] = frozenset()
    not_sets: frozenset[str] = frozenset()


def selected(selection: Selection, catalogue: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the events selected; ``catalogue`` maps every event to its sets (rule 5).

    Removal wins over addition, whatever the order; without an addition the default set is
    what the removals are taken from.
    """
    default = frozenset() if selection.events else DEFAULT
    added = named(selection.events, catalogue) | members(selection.sets or default, catalogue)
    removed = named(selection.not_events, catalogue) | members(selection.not_sets, catalogue)
    return added - removed


def named(patterns: Collection[str], names: Iterable[str]) -> frozenset[str]:
    """Return the names that a list of ``name`` and ``prefix*`` picks."""
    prefixes = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    return frozenset(name for name in names if name in patterns or name.startswith(prefixes))


def members(sets: frozenset[str], catalogue: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the events that are in any of the sets."""
    return frozenset(name for name, of in catalogue.items() if of & sets)


def taken_in(selected: Iterable[str], depends: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return the selected events and all they depend on, transitively (rule 16).

    ``depends`` gives what an event directly needs; taken in is not shown (rule 15).
    """
    found, more = frozenset[str](), frozenset(selected)
    while found != more:
        found, more = more, more.union(*(depends.get(name, ()) for name in more))
    return found
