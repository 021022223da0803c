"""The stage that makes derived events of those that the kernel side sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from model.selection import taken_in

from ..events.catalogue import EventDefinition
from ..events.event import Argument, TraceEvent
from .graph import Events, depends_of
from .rules import Rule, Values

TYPES: Final = ((bool, "bool"), (int, "long"), (str, "const char*"), (list, "const char*const*"))
"""Types of arguments that an event does not declare, by their values."""


class Derivation:
    """Makes the derived events that scopes selected, or that others are made of.

    ``selected`` maps events to the masks of the scopes that selected them.  ``bases`` are the
    events that must come with raw arguments, ``made`` counts the events that were made for some
    scope.  ``hidden`` are arguments of bases that were taken in for what is made of these alone,
    as (event, argument).
    """

    def __init__(
        self,
        selected: Mapping[str, int],
        events: Events,
        rules: Mapping[str, Rule],
        hidden: Collection[tuple[str, str]] = (),
    ) -> None:
        self._select = selected
        depends = depends_of(events)
        needed = taken_in(selected, depends)
        self._rules: dict[str, list[tuple[EventDefinition, Rule]]] = {}
        for name in sorted(needed & rules.keys()):
            for base in rules[name].bases:
                self._rules.setdefault(base, []).append((events[name], rules[name]))
        self.bases = frozenset(self._rules)
        self.raw = self.bases | (needed & rules.keys())
        self.made = 0
        self._hidden = dict(hidden)

    def __call__(self, base: TraceEvent) -> list[TraceEvent]:
        """Return what is made of an event; leave in the event the scopes that selected it.

        Rule 15: its mask holds for all that is made of it, less the scopes that did not select
        that.  A base comes before what is made of it.
        """
        if base.event_name not in self.bases:
            return []
        accepted, made = base.matched_scopes, list(self._made_of(base))
        for event in (base, *made):
            event.matched_scopes = accepted & self._select.get(event.event_name, 0)
        hide(base, self._hidden.get(base.event_name))
        shown = [event for event in made if event.matched_scopes]
        self.made += len(shown)
        return shown

    def _made_of(self, base: TraceEvent) -> Iterator[TraceEvent]:
        rules = self._rules.get(base.event_name, ())
        args = {argument.name: argument.value for argument in base.args} if rules else {}
        for definition, rule in rules:
            for values in rule.derive(base, args):
                event = made_event(base, definition, values)
                event.metadata = rule.metadata
                yield event
                yield from self._made_of(event)


def made_event(base: TraceEvent, definition: EventDefinition, values: Values) -> TraceEvent:
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
    definition: EventDefinition, values: Values, taken: Sequence[Argument] = ()
) -> list[Argument]:
    """Return the arguments that an event declares, then those that it has besides.

    Those besides that were ``taken`` from the base keep their types.
    """
    declared = [Argument(one.name, one.type, values.get(one.name)) for one in definition.args]
    names = {one.name for one in definition.args}
    others = (name for name in values if name not in names)
    types = {one.name: one.type for one in taken if values.get(one.name) is one.value}
    return [
        *declared,
        *(
            Argument(name, types.get(name) or type_of(values[name]), values[name])
            for name in others
        ),
    ]


def hide(event: TraceEvent, name: str | None) -> None:
    """Take the value of an argument out of an event, as if it had none."""
    for argument in event.args if name else ():
        if argument.name == name and argument.value is not None:
            argument.value = None
            event.args_num -= 1


def type_of(value: Any) -> str:
    """Return the C type that is shown with a value; that of a text if there is none."""
    return next((name for kind, name in TYPES if isinstance(value, kind)), "const char*")
