# SPDX-License-Identifier: Apache-2.0
"""A flag as conditions of the model.

The order in which names are tried is that of docs/design/tracee-v0.12-facts.md, 1.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import UsageCode, UsageError, flag_error
from ..events.catalogue import EventDefinition
from ..model.scope import Condition
from . import values
from .fields import field_part, read_field
from .kinds import BY_NAME, BY_SPELLING, Kind
from .syntax import Flag, expression_error, split_flag


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
            f"invalid filter option specified ({text}), use '--filter help' for more info",
            flag=text,
        )
    _check_operator(flag, kind)
    return Filter(flag, kind, _conditions(flag, kind))


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
