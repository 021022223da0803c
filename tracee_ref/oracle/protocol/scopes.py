# SPDX-License-Identifier: Apache-2.0
"""JSON form of scopes and filters (docs/reference/vectors.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ...model.filters import (
    HOST_MNTNS,
    NEW,
    Binary,
    Condition,
    ContainerId,
    EventField,
    Host,
    Key,
    New,
    Op,
    Part,
    Pattern,
    Value,
)
from ...model.scope import Scope
from .encoding import Data, FormatError, bytes_data, number_data, read_bytes, read_number

KEYS_32_BIT: Final = (Key.UID, Key.PID, Key.TREE)
"""Filters with 32-bit values, which are JSON numbers; 64-bit values are strings."""

PATTERN_KINDS: Final = {
    (False, False): "exact",
    (False, True): "prefix",
    (True, False): "suffix",
    (True, True): "contains",
}
"""(``*`` before the text, ``*`` after the text) -> name of the comparison in JSON."""

PATTERN_STARS: Final = {kind: stars for stars, kind in PATTERN_KINDS.items()}
HOST: Final = "host"
CONTAINER_FIELD: Final = "container"
"""The context field without a value: ``EVENT.context.container`` and ``.host``."""


def scopes_data(scopes: Iterable[Scope]) -> list[Data]:
    """Encode scopes, filters in a fixed order."""
    return [scope_data(scope) for scope in scopes]


def scope_data(scope: Scope) -> Data:
    """Encode a scope."""
    filters = sorted(map(filter_data, scope.conditions), key=repr)
    data = {"number": scope.number, "events": sorted(scope.events), "filters": filters}
    return data | ({"follow": True} if scope.follow else {})


def filter_data(condition: Condition) -> Data:
    """Encode one filter."""
    key, op = condition.key, condition.op
    target: dict[str, Data]
    if isinstance(key, EventField):
        target = {"filter": key.part.value, "event": key.event}
        target |= {"name": key.name} if key.name else {}
        if (key.part, key.name) == (Part.CONTEXT, CONTAINER_FIELD):
            return target | {"value": op is Op.EQ}
    elif key is Key.IN_CONTAINER:
        return {"filter": "in_container", "value": op is Op.EQ}
    else:
        target = {"filter": key.value}
    return target | {"op": op.value, "value": value_data(key, condition.value)}


def value_data(key: Key | EventField, value: Value) -> Data:
    """Encode the value of a filter."""
    if isinstance(value, Pattern):
        return {PATTERN_KINDS[value.open_start, value.open_end]: bytes_data(value.text)}
    if isinstance(value, Binary):
        return {"path": bytes_data(value.path)} | namespace_data(value.mntns)
    if isinstance(value, ContainerId):
        return {"id": value.prefix}
    if isinstance(value, New):
        return value.value
    return int(value) if key in KEYS_32_BIT else number_data(value)


def namespace_data(mntns: int | Host | None) -> dict[str, str]:
    """Encode the mount namespace of a ``binary`` filter; return {} if there is none."""
    if mntns is None:
        return {}
    return {"mntns": HOST if mntns is HOST_MNTNS else number_data(mntns)}


def read_scopes(data: Iterable[Data]) -> tuple[Scope, ...]:
    """Decode scopes; raise FormatError or KeyError for data of another form."""
    return tuple(
        Scope(
            number=scope["number"],
            events=frozenset(scope["events"]),
            conditions=frozenset(map(read_filter, scope["filters"])),
            follow=scope.get("follow", False),
        )
        for scope in data
    )


def read_filter(data: Mapping[str, Data]) -> Condition:
    """Decode one filter."""
    name = data["filter"]
    if name == "in_container":
        return Condition(Key.IN_CONTAINER, Op.EQ if data["value"] else Op.NE, True)
    key = read_key(data)
    if "op" not in data:
        return Condition(key, Op.EQ if data["value"] else Op.NE, True)
    return Condition(key, Op(data["op"]), read_value(key, data["value"]))


def read_key(data: Mapping[str, Data]) -> Key | EventField:
    """Decode the key of a filter."""
    if "event" in data:
        return EventField(data["event"], Part(data["filter"]), data.get("name", ""))
    return Key(data["filter"])


def read_value(key: Key | EventField, data: Data) -> Value:
    """Decode the value of a filter."""
    if data == NEW.value:
        return NEW
    if key is Key.BINARY:
        return Binary(read_bytes(data["path"]), read_namespace(data.get("mntns")))
    if key is Key.CONTAINER:
        return ContainerId(data["id"])
    if isinstance(data, dict):
        ((kind, text),) = data.items()
        return Pattern(read_bytes(text), *PATTERN_STARS[kind])
    if key not in KEYS_32_BIT:
        return read_number(data)
    if not isinstance(data, int):
        raise FormatError(f"{data!r} is not a number of 32 bits")
    return data


def read_namespace(data: Data) -> int | Host | None:
    """Decode the mount namespace of a ``binary`` filter."""
    if data is None:
        return None
    return HOST_MNTNS if data == HOST else read_number(data)
