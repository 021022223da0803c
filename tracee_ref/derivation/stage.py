# SPDX-License-Identifier: Apache-2.0
"""Derivation stage: derived events from those of the kernel side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ..events.catalogue import EventDefinition
from ..events.event import Argument, TraceEvent
from ..model.selection import with_dependencies
from ..packets.parser import Delayed
from ..packets.rules import MessageRule
from ..symbols.rules import Masked
from .graph import Events, depends_of
from .rules import Rule, Values

STRING: Final = "const char*"
TYPES: Final = ((bool, "bool"), (int, "long"), (str, STRING), (list, "const char*const*"))
"""C types of arguments that an event does not declare, by the type of their value.

The first match counts: a bool is an int, too.
"""


class Derivation:
    """Derives the events that a scope selects, and the derived events that these come from.

    ``selected`` maps events to the masks of the scopes that selected them.  ``hidden`` maps an
    event to an argument that is recorded only for the events derived from it, and not output.

    ``bases`` are the events that a derivation reads, ``raw_events`` these and the derived ones:
    their arguments must be decoded without their symbolic form.  ``derived_count`` counts the
    derived events with a scope that selects them and whose process filters hold.
    """

    def __init__(
        self,
        selected: Mapping[str, int],
        events: Events,
        rules: Mapping[str, Rule],
        hidden: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._selected = selected
        self._all_events, self._all_rules = events, rules
        depends = depends_of(events)
        needed = with_dependencies(selected, depends)
        self._rules: dict[str, list[tuple[EventDefinition, Rule]]] = {}
        for name in sorted(needed & rules.keys()):
            for base in rules[name].bases:
                self._rules.setdefault(base, []).append((events[name], rules[name]))
        self.bases = frozenset(self._rules)
        self.raw_events = self.bases | (needed & rules.keys())
        self.derived_count = 0
        self._hidden = hidden

    def __call__(self, base: TraceEvent) -> list[TraceEvent]:
        """Return the events derived from ``base``, each before those derived from it.

        Clears from ``base.matched_scopes`` the scopes that did not select it.  A record's mask
        has the scopes whose process filters hold and that selected the event or one derived from
        it (``graph.kernel_scopes``).  Each event's mask is this one without the scopes that did
        not select that event.  Filters on its own fields are applied later (rule 15).
        """
        if base.event_name not in self.bases:
            return []
        derived = self._matched([*self._derived_from(base)])
        self.strip(base)
        return derived

    def strip(self, base: TraceEvent) -> None:
        """Clear the scopes that did not select an event, and what only derivation reads of it."""
        base.matched_scopes &= self._selected.get(base.event_name, 0)
        hide(base, self._hidden.get(base.event_name))

    def selected_bases(self) -> dict[int, int]:
        """Return the scopes that selected each base event itself, by the event's number."""
        return {self._all_events[name].id: self._selected.get(name, 0) for name in self.bases}

    def later(self, name: str, base: TraceEvent, values: Values) -> list[TraceEvent]:
        """Return an event that a rule made later of ``base``, and those derived from it.

        ``base`` is a copy from when the rule was called, with its mask.
        """
        return self._matched(
            [*self._events(base, self._all_events[name], self._all_rules[name], values)]
        )

    def finish(self) -> list[TraceEvent]:
        """Return the events that the end of the run gives."""
        rules = {event.name: (event, rule) for event, rule in chain(*self._rules.values())}
        return self._matched(
            [
                event
                for definition, rule in rules.values()
                if isinstance(rule.derive, MessageRule)
                for values in rule.derive.finish()
                for event in self._events(values.source.base, definition, rule, values)
            ]
        )

    def _matched(self, derived: list[TraceEvent]) -> list[TraceEvent]:
        """Clear the scopes that did not select an event; return and count those with others."""
        for event in derived:
            event.matched_scopes &= self._selected.get(event.event_name, 0)
        matched = [event for event in derived if event.matched_scopes]
        self.derived_count += len(matched)
        return matched

    def _derived_from(self, base: TraceEvent) -> Iterator[TraceEvent]:
        rules = self._rules.get(base.event_name, ())
        args = {argument.name: argument.value for argument in base.args} if rules else {}
        for definition, rule in rules:
            for values in rule.derive(base, args):
                yield from self._events(base, definition, rule, values)

    def _events(
        self, base: TraceEvent, definition: EventDefinition, rule: Rule, values: Values
    ) -> Iterator[TraceEvent]:
        """Yield a derived event, and those derived from it."""
        if isinstance(values, Delayed):
            event = derived_event(values.source.base, definition, values)
            event.matched_scopes = values.source.mask
        else:
            event = derived_event(base, definition, values)
            if isinstance(values, Masked):
                event.matched_scopes &= values.mask
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
        args_changed=msgspec.UNSET,
        args_at_return=msgspec.UNSET,
    )


def arguments_of(
    definition: EventDefinition, values: Values, base_args: Sequence[Argument] = ()
) -> list[Argument]:
    """Return the declared arguments of an event, then the others in ``values``.

    Findings of signatures may have such others.  If they are copied from the base (``base_args``),
    they keep their types.
    """
    declared = [
        Argument(arg.name, arg.type, values.get(arg.name))
        for arg in definition.args
        if not arg.optional or arg.name in values
    ]
    names = {arg.name for arg in definition.args}
    others = (name for name in values if name not in names)
    # Copied: the same name, and the same object.  Equal small numbers and None are one object even
    # if the signature did not copy them; they get the type of the base's argument, too.
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
    """Return the C type of a value, ``const char*`` if no type fits."""
    return next((name for kind, name in TYPES if isinstance(value, kind)), STRING)
