"""Which events a scope selects, from what its event and set flags say (rule 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DEFAULT_SET = "default"


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
    sets = selection.sets
    if not selection.events and not sets:
        sets = frozenset({DEFAULT_SET})
    added = named(selection.events, catalogue) | members(sets, catalogue)
    removed = named(selection.not_events, catalogue) | members(selection.not_sets, catalogue)
    return added - removed


def named(patterns: Iterable[str], names: Iterable[str]) -> frozenset[str]:
    """Return the names that a list of ``name`` and ``prefix*`` picks."""
    prefixes = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    exact = {pattern for pattern in patterns if not pattern.endswith("*")}
    return frozenset(name for name in names if name in exact or name.startswith(prefixes))


def members(sets: frozenset[str], catalogue: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the events that are in any of the sets."""
    return frozenset(name for name, of in catalogue.items() if of & sets)
