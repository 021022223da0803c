# SPDX-License-Identifier: Apache-2.0
"""Graph of event dependencies, and the scopes of the kernel side.

The kernel side matches process filters, which hold for a base event and the events derived from
it alike (rule 15).  Its scopes select their dependencies, too: the mask of a record then serves
every event derived from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..events.catalogue import EventDefinition
from ..model.scope import Condition, EventField, Scope
from ..model.selection import with_dependencies

Events = Mapping[str, EventDefinition]


def depends_of(events: Events) -> dict[str, tuple[str, ...]]:
    """Return the direct dependencies of each derived event."""
    return {name: event.bases for name, event in events.items() if event.bases}


def problems_of(name: str, events: Events) -> list[str]:
    """Return the faults of one event in the graph.

    Every base must be in the catalogue, and be available if the derived event is; no event may
    need itself, directly or through others.
    """
    event = events[name]
    return [
        *(f"{name} needs {base}, which is no event" for base in event.bases if base not in events),
        *(
            f"{name} needs {base}, which is not supported"
            for base in event.bases
            if base in events and event.available and not events[base].available
        ),
        *(
            [f"{name} needs itself"]
            if name in with_dependencies(event.bases, depends_of(events))
            else []
        ),
    ]


def kernel_scopes(scopes: Iterable[Scope], events: Events) -> tuple[Scope, ...]:
    """Return the scopes of the kernel side (rule 16).

    Each selects the kernel events among its dependencies.  Filters on the fields of an event are
    kept only where the scope selects the event and derives none from it: otherwise the kernel
    side would discard records that another event is derived from (rule 15).
    """
    depends = depends_of(events)
    return tuple(_kernel_scope(scope, events, depends) for scope in scopes)


def _kernel_scope(scope: Scope, events: Events, depends: Mapping[str, Sequence[str]]) -> Scope:
    needed = with_dependencies(scope.events, depends)
    bases = {base for name in needed for base in depends.get(name, ())}
    selected = frozenset(name for name in needed if events[name].of_kernel)

    def in_kernel(condition: Condition) -> bool:
        key = condition.key
        return not isinstance(key, EventField) or (key.event in selected and key.event not in bases)

    return replace(
        scope, events=selected, conditions=frozenset(filter(in_kernel, scope.conditions))
    )
