"""Events made from other events: what they carry, and what selecting them takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .facts import Event, Shown
from .filters import FieldKey


def derived(base: Event, name: str, fields: Mapping[FieldKey, Shown]) -> Event:
    """Return an event derived from ``base``; its mask is asked for as that of any event.

    Rule 15: the process is the base's and the fields are its own, so what a scope selects or
    filters on the base says nothing of it.
    """
    return Event(name, base.process, fields)


def taken_in(selected: Iterable[str], depends: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return the selected events and all they depend on, transitively (rule 16).

    ``depends`` gives what an event directly needs; taken in is not shown (rule 15).
    """
    found: set[str] = set()
    waiting = list(selected)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(depends.get(name, ()))
    return frozenset(found)
