# SPDX-License-Identifier: Apache-2.0
"""A flag as conditions of the model.

The order in which names are tried is that of docs/design/tracee-v0.12-facts.md, 1.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..errors import UsageCode, UsageError, did_you_mean, flag_error
from ..events.catalogue import EventDefinition
from ..events.probe_names import is_probe
from ..model.scope import Condition
from ..model.selection import named
from . import values
from .fields import ALIASES, CONTAINER, NUMBER_FIELDS, STRING_FIELDS, field_part, read_field
from .kinds import BY_NAME, BY_SPELLING, FILTER_KINDS, Kind
from .syntax import Flag, expression_error, split_flag

QUOTED_CHARACTERS: Final = 200

KIND_NAMES: Final = [kind.name for kind in FILTER_KINDS if kind.spellings]


@dataclass(frozen=True, slots=True)
class Filter:
    """A flag, its kind, and its conditions (none for event, set and follow)."""

    flag: Flag
    kind: Kind
    conditions: tuple[Condition, ...] = ()


def read_filter(text: str, catalogue: Mapping[str, EventDefinition]) -> Filter:
    """Return the filter of a flag; raises UsageError."""
    flag = split_flag(text)
    part = field_part(flag)
    if part is not None:
        return Filter(flag, BY_NAME[part.value], read_field(flag, part, catalogue))
    kind = BY_SPELLING.get(flag.name)
    if kind is None:
        raise UsageError(
            UsageCode.OPTION,
            f"invalid filter option specified ({text}), use '--filter help' for more info"
            f"{_suggestion(flag, catalogue)}",
            flag=text,
        )
    _check_operator(flag, kind)
    return Filter(flag, kind, _conditions(flag, kind))


def _suggestion(flag: Flag, catalogue: Mapping[str, EventDefinition]) -> str:
    """Return what was perhaps meant by an unknown name."""
    if is_probe(flag.name):
        return _probe_suggestion(flag, catalogue)
    event, dot, field = flag.name.partition(".")
    if dot and event in catalogue:
        return did_you_mean(field.rpartition(".")[2], _fields_of(catalogue[event]))
    if flag.name in catalogue:
        return f"; did you mean event={flag.name}?"
    if flag.op is not None or len(flag.name) > QUOTED_CHARACTERS:
        return did_you_mean(flag.name, KIND_NAMES)
    if flag.name.startswith("/") and flag.name != "/":
        return f"; did you mean binary={flag.name}?"
    names = flag.name.split(",")
    if all(named({name}, catalogue) for name in names):
        return f"; did you mean event={flag.name}?"
    sets = {name for event in catalogue.values() for name in event.sets}
    if sets.issuperset(names):
        return f"; did you mean set={flag.name}?"
    kind = did_you_mean(flag.name, KIND_NAMES)
    return kind or did_you_mean(flag.name, catalogue, "event=")


def _probe_suggestion(flag: Flag, catalogue: Mapping[str, EventDefinition]) -> str:
    """Return what was perhaps meant by the name of an event at a chosen hook."""
    if flag.op is None or flag.name in catalogue:
        return f"; did you mean event={flag.name}?"
    event, _, field = flag.name.rpartition(".")
    return did_you_mean(field, _fields_of(catalogue[event])) if event in catalogue else ""


def _fields_of(event: EventDefinition) -> list[str]:
    """Return the names of all filters on an event, those of arguments last."""
    context = sorted([*NUMBER_FIELDS, *STRING_FIELDS, *ALIASES, *CONTAINER])
    fields = [f"{event.name}.context.{name}" for name in context]
    return [*fields, f"{event.name}.retval", *(f"{event.name}.args.{a.name}" for a in event.args)]


def _check_operator(flag: Flag, kind: Kind) -> None:
    alone = kind.alone is not None or not kind.operators
    if flag.op is None and not alone:
        raise expression_error(flag.text, f"a value is missing, as in {kind.example}")
    if flag.op is None or flag.op in kind.operators:
        return
    if not kind.operators:
        raise expression_error(flag.text, f"{kind.name} takes no value")
    reason = kind.bad_operator.text.format(op=flag.op.value, expression=flag.expression)
    takes = " and ".join(op.value for op in kind.operators)
    raise flag_error(kind.bad_operator.code, flag.text, reason, f"{kind.name} takes {takes}")


def _conditions(flag: Flag, kind: Kind) -> tuple[Condition, ...]:
    if flag.op is None:
        return () if kind.alone is None else (kind.alone,)
    if kind.key is None or kind.read is None:
        values.listed(flag)
        return ()
    return tuple(Condition(kind.key, flag.op, value) for value in values.each(flag, kind.read))
