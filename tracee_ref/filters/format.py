# SPDX-License-Identifier: Apache-2.0
"""Formatter of scopes as flags: parsing the result gives the same scopes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..model.scope import (
    HOST_MNTNS,
    Binary,
    Condition,
    ContainerId,
    EventField,
    Host,
    Key,
    Op,
    Part,
    Pattern,
    Scope,
)
from ..strings import text_of


def format_scopes(scopes: Iterable[Scope]) -> list[str]:
    """Return the ``-f`` flags of the scopes, in a fixed order.

    Raises ValueError for a value that no flag can contain, such as a string with a comma.
    """
    return [f"{scope.number}:{flag}" for scope in scopes for flag in _flags(scope)]


def _flags(scope: Scope) -> Iterator[str]:
    yield "event=" + ",".join(sorted(scope.events))
    yield from sorted(map(_condition, scope.conditions))
    if scope.follow:
        yield "follow"


def format_filter(conditions: Sequence[Condition]) -> str:
    """Return the flag of conditions with the same key and operator.

    Raises ValueError as ``format_scopes`` does.
    """
    return ",".join([_condition(conditions[0]), *map(_value, conditions[1:])])


def _condition(condition: Condition) -> str:
    key = condition.key
    if key is Key.IN_CONTAINER:
        return "container" if condition.op is Op.EQ else "!container"
    if isinstance(key, Key):
        return f"{key.value}{condition.op.value}{_value(condition)}"
    if key.part is Part.CONTEXT and key.name == "container":
        return f"{key.event}.context.{'container' if condition.op is Op.EQ else 'host'}"
    return f"{_field(key)}{condition.op.value}{_value(condition)}"


def _field(key: EventField) -> str:
    return ".".join(filter(None, (key.event, key.part.value, key.name)))


def _value(condition: Condition) -> str:
    value = condition.value
    if isinstance(value, Pattern):
        return "*" * value.open_start + _string(value.text, b",*") + "*" * value.open_end
    if isinstance(value, Binary):
        return _namespace(value.mntns) + _string(value.path, b",:")
    if isinstance(value, ContainerId):
        return value.prefix
    return str(value) if isinstance(value, int) else value.value


def _namespace(mntns: int | Host | None) -> str:
    if mntns is None:
        return ""
    return "host:" if mntns is HOST_MNTNS else f"{mntns}:"


def _string(text: bytes, reserved: bytes) -> str:
    if any(byte in text for byte in reserved):
        raise ValueError(f"{text!r} cannot be part of a flag")
    return text_of(text)
