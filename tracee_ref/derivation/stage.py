# SPDX-License-Identifier: Apache-2.0
"""Derivation stage: derived events from those of the kernel side."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from model.selection import with_dependencies

from ..events.catalogue import EventDefinition
from ..events.event import Argument, TraceEvent
from .graph import Events, depends_of
from .rules import Rule, Values

TYPES: Final = ((bool, "bool"), (int, "long"), (str, "const char*"), (list, "const char*const*"))
"""C types of arguments that an event does not declare, by the type of their value."""


class Derivation:
    """Derives the events that scopes selected, and those that other events need.

    ``selected`` maps events to the masks of the scopes that selected them.  ``bases`` are the
    events that must come with raw arguments, ``derived_count`` counts the derived events that
    matched a scope.  ``hidden`` are arguments of bases that only derived events need, as
    (event, argument).
    """

    def __init__(
        self,
        selected: Mapping[str, int],
        events: Events,
        rules: Mapping[str, Rule],
        hidden: Collection[tuple[str, str]] = (),
    ) -> None:
        self._selected = selected
        depends = depends_of(events)
        needed = with_dependencies(selected, depends)
        self._rules: dict[str, list[tuple[EventDefinition, Rule]]] = {}
        for name in sorted(needed & rules.keys()):
            for base in rules[name].bases:
                self._rules.setdefault(base, []).append((events[name], rules[name]))
        self.bases = frozenset(self._rules)
        self.raw_events = self.bases | (needed & rules.keys())
        self.derived_count = 0
        self._hidden = dict(hidden)

    def __call__(self, base: TraceEvent) -> list[TraceEvent]:
        """Return the events derived from ``base``; clear from its mask the scopes without it.

        Rule 15: the mask of a base holds for the events derived from it, less the scopes that
        did not select them.  A base comes before the events derived from it.
        """
        if base.event_name not in self.bases:
            return []
        accepted, derived = base.matched_scopes, list(self._derived_from(base))
        for event in (base, *derived):
            event.matched_scopes = accepted & self._selected.get(event.event_name, 0)
        hide(base, self._hidden.get(base.event_name))
        matched = [event for event in derived if event.matched_scopes]
        self.derived_count += len(matched)
        return matched

    def _derived_from(self, base: TraceEvent) -> Iterator[TraceEvent]:
        rules = self._rules.get(base.event_name, ())
        args = {argument.name: argument.value for argument in base.args} if rules else {}
        for definition, rule in rules:
            for values in rule.derive(base, args):
                event = derived_event(base, definition, values)
                event.metadata = rule.metadata
                yield event
                yield from self._derived_from(event)


def derived_event(base: TraceEvent, definition: EventDefinition, values: Values) -> TraceEvent:
    """Return an event with the facts of its base and arguments of its own (rule 15)."""
    args = arguments_of(definition, values, base.args)
    return msgspec.structs.replace(
        base,
        event_id=str(definition.id),
        event_name=definition.name,
        args=args,
        args_num=sum(argument.value is not None for argument in args),
    )


def arguments_of(
    definition: EventDefinition, values: Values, base_args: Sequence[Argument] = ()
) -> list[Argument]:
    """Return the declared arguments of an event, then the additional ones.

    Additional arguments copied from the base (``base_args``) keep their types.
    """
    declared = [Argument(arg.name, arg.type, values.get(arg.name)) for arg in definition.args]
    names = {arg.name for arg in definition.args}
    others = (name for name in values if name not in names)
    types = {arg.name: arg.type for arg in base_args if values.get(arg.name) is arg.value}
    return [
        *declared,
        *(
            Argument(name, types.get(name) or type_of(values[name]), values[name])
            for name in others
        ),
    ]


def hide(event: TraceEvent, name: str | None) -> None:
    """Remove the value of an argument from ``event``."""
    for argument in event.args if name else ():
        if argument.name == name and argument.value is not None:
            argument.value = None
            event.args_num -= 1


def type_of(value: Any) -> str:
    """Return the C type printed with a value; that of a string if none fits."""
    return next((name for kind, name in TYPES if isinstance(value, kind)), "const char*")
