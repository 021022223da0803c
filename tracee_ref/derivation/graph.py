"""Which events need which, and what the kernel side is asked for because of that.

The kernel side judges process filters only, and these hold for a base and all that is derived
from it alike (rule 15).  So it is given scopes that select what they need, too: the mask of a
record is then good for every event that is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from model.scope import Condition, EventField, Scope
from model.selection import taken_in

from ..events.catalogue import EventDefinition

Events = Mapping[str, EventDefinition]


def depends_of(events: Events) -> dict[str, tuple[str, ...]]:
    """Return what each derived event directly needs."""
    return {name: event.bases for name, event in events.items() if event.bases}


def problems(events: Events) -> list[str]:
    """Return what is wrong with the graph, by sentences; nothing, if all is well."""
    return [sentence for name in depends_of(events) for sentence in problems_of(name, events)]


def problems_of(name: str, events: Events) -> list[str]:
    """Return what is wrong with an event's place in the graph.

    Every base must be known, and be deliverable if the derived event says that it is; nothing
    may need itself, directly or through others.
    """
    event = events[name]
    return [
        *(f"{name} needs {base}, which is no event" for base in event.bases if base not in events),
        *(
            f"{name} needs {base}, which is not supported"
            for base in event.bases
            if base in events and event.available and not events[base].available
        ),
        *([f"{name} needs itself"] if name in taken_in(event.bases, depends_of(events)) else []),
    ]


def kernel_scopes(scopes: Iterable[Scope], events: Events) -> tuple[Scope, ...]:
    """Return the scopes as the kernel side is to know them (rule 16).

    Each selects all that it needs of the kernel.  Filters on the fields of an event go along only
    where the scope needs that event for itself alone: else the kernel side would take away
    what another event is to be made of (rule 15).
    """
    depends = depends_of(events)
    return tuple(_kernel_scope(scope, events, depends) for scope in scopes)


def _kernel_scope(scope: Scope, events: Events, depends: Mapping[str, Sequence[str]]) -> Scope:
    needed = taken_in(scope.events, depends)
    bases = {base for name in needed for base in depends.get(name, ())}
    selected = frozenset(name for name in needed if events[name].of_kernel)

    def judged_there(condition: Condition) -> bool:
        key = condition.key
        return not isinstance(key, EventField) or (key.event in selected and key.event not in bases)

    return replace(
        scope, events=selected, conditions=frozenset(filter(judged_there, scope.conditions))
    )
