# SPDX-License-Identifier: Apache-2.0
"""All signatures of a run, as events of the catalogue and rules of the derivation stage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from model.selection import with_dependencies

from ..derivation.graph import problems_of
from ..derivation.rules import RULES, Rule
from ..events.catalogue import SIGNATURE_IDS, ArgumentDefinition, EventDefinition, all_events
from .base import Signature
from .loader import Classes, Complain, in_directories, installed
from .runner import ERRORS, Guard, described
from .shipped import SHIPPED

SETS: Final = frozenset({"signatures", "default"})
FIRST_OTHER: Final = 6030
"""The first id behind those of upstream's own signatures (facts, section 5.5)."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class Loaded:
    """Every event of a run with the rules that derive events, signatures among them.

    Of classes that cannot be taken, ``complain`` is told in a line each.
    """

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self.events: Mapping[str, EventDefinition] = all_events()
        self.rules: Mapping[str, Rule] = RULES
        self.guards: list[Guard] = []

    def take(self, number: int, kind: type[Signature]) -> bool:
        """Make a class an event with that id; False if it cannot be one."""
        try:
            guard = Guard(kind(), self._complain)
            event = definition_of(number, kind, self.events)
            events = {**self.events, event.name: event}
            wrong = [name_problem(kind, self.events), *problems_of(event.name, events)]
            reason = next(filter(None, wrong), "")
        except ERRORS as error:
            reason = described(error)
        if reason:
            self._complain(f"signature {kind.__name__}: not taken: {reason}")
            return False
        self.events = events
        self.rules = {**self.rules, event.name: Rule(event.bases, guard, guard.metadata)}
        self.guards.append(guard)
        return True

    def take_all(self, kinds: Classes) -> None:
        """Make classes events, with the next free ids, each after those that it needs."""
        free = iter(SIGNATURE_IDS[FIRST_OTHER - SIGNATURE_IDS.start :])
        for kind in in_order(kinds):
            self.take(next(free), kind)

    def needed(self, events: Iterable[str]) -> list[Signature]:
        """Return the signatures that are at work when events are selected."""
        depends = {name: event.bases for name, event in self.events.items()}
        wanted = with_dependencies(events, depends)
        return [guard.signature for guard in self.guards if guard.signature.event in wanted]

    def summaries(self) -> list[str]:
        """Return a line for each signature that had errors."""
        return [line for guard in self.guards if (line := guard.summary())]


def load_signatures(directories: Iterable[Path], complain: Complain) -> Loaded:
    """Return all signatures: shipped, installed, and in directories; UsageError for no such."""
    loaded = Loaded(complain)
    for number, kind in SHIPPED.items():
        loaded.take(number, kind)
    loaded.take_all([*installed(complain), *in_directories(directories, complain)])
    return loaded


def in_order(kinds: Classes) -> Classes:
    """Return classes so that each comes after those whose findings it needs, if it can be."""
    names = {getattr(kind, "event", None) for kind in kinds}
    ordered: Classes = []
    while kinds:
        waiting = names - {getattr(kind, "event", None) for kind in ordered}
        ready = [k for k in kinds if not waiting.intersection(getattr(k, "needs", ()))] or kinds
        ordered += ready
        kinds = [kind for kind in kinds if kind not in ready]
    return ordered


def definition_of(
    number: int, kind: type[Signature], events: Mapping[str, EventDefinition]
) -> EventDefinition:
    """Return the event that the findings of a signature are."""
    bases = [events[name] for name in kind.needs if name in events]
    return EventDefinition(
        id=number,
        name=kind.event,
        syscall=False,
        sets=SETS,
        args=tuple(ArgumentDefinition(name, type_) for type_, name in kind.arguments),
        available=all(base.available for base in bases),
        functions=tuple(dict.fromkeys(name for base in bases for name in base.functions)),
        bases=tuple(kind.needs),
    )


def name_problem(kind: type[Signature], events: Mapping[str, EventDefinition]) -> str:
    """Return what is wrong with the name of a signature's event, or with what it needs."""
    if not NAME.fullmatch(kind.event):
        return f"{kind.event!r} is no name of an event (a-z, 0-9 and _)"
    if kind.event in events:
        return f"there is an event {kind.event} already"
    return "" if kind.needs else "it needs no event"
