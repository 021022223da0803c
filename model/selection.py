# SPDX-License-Identifier: Apache-2.0
"""Events that a scope selects, and their dependencies (rules 5 and 16)."""

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
    """Return the selected events; ``catalogue`` maps every event to its sets (rule 5).

    Removal wins over addition, whatever the order.  Without an addition, events are removed
    from the default set.
    """
    default = frozenset() if selection.events else DEFAULT
    added = named(selection.events, catalogue) | members(selection.sets or default, catalogue)
    removed = named(selection.not_events, catalogue) | members(selection.not_sets, catalogue)
    return added - removed


def named(patterns: Collection[str], names: Iterable[str]) -> frozenset[str]:
    """Return the names that match any of the patterns, ``name`` or ``prefix*``."""
    prefixes = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    return frozenset(name for name in names if name in patterns or name.startswith(prefixes))


def members(sets: frozenset[str], catalogue: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the events that are in any of the sets."""
    return frozenset(name for name, its_sets in catalogue.items() if its_sets & sets)


def with_dependencies(
    selected: Iterable[str], depends: Mapping[str, Iterable[str]]
) -> frozenset[str]:
    """Return the selected events and all that they depend on, transitively (rule 16).

    ``depends`` maps an event to its direct dependencies; these are not printed (rule 15).
    """
    found, extended = frozenset[str](), frozenset(selected)
    while found != extended:
        found, extended = extended, extended.union(*(depends.get(name, ()) for name in extended))
    return found
