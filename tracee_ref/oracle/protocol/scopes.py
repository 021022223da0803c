"""Scopes as the structured data of docs/reference/vectors.md, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from model.filters import (
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
from model.scope import Scope

from .encoding import Data, FormatError, bytes_data, number_data, read_bytes, read_number

SMALL: Final = (Key.UID, Key.PID, Key.TREE)
"""Properties whose values have 32 bits and so are JSON numbers."""

STARS: Final = {
    (False, False): "exact",
    (False, True): "prefix",
    (True, False): "suffix",
    (True, True): "contains",
}
"""Where a ``*`` stands (before, after the text), and what that makes of the comparison."""

OPENINGS: Final = {word: stars for stars, word in STARS.items()}
HOST: Final = "host"
FLAG: Final = "container"
"""The context field that takes no value: ``EVENT.context.container`` and ``.host``."""


def scopes_data(scopes: Iterable[Scope]) -> list[Data]:
    """Return scopes for JSON, filters in a fixed order."""
    return [scope_data(scope) for scope in scopes]


def scope_data(scope: Scope) -> Data:
    """Return a scope for JSON."""
    filters = sorted(map(filter_data, scope.conditions), key=repr)
    data = {"number": scope.number, "events": sorted(scope.events), "filters": filters}
    return data | ({"follow": True} if scope.follow else {})


def filter_data(condition: Condition) -> Data:
    """Return one filter for JSON."""
    key, op = condition.key, condition.op
    place: dict[str, Data]
    if isinstance(key, EventField):
        place = {"filter": key.part.value, "event": key.event}
        place |= {"name": key.name} if key.name else {}
        if (key.part, key.name) == (Part.CONTEXT, FLAG):
            return place | {"value": op is Op.EQ}
    elif key is Key.IN_CONTAINER:
        return {"filter": "in_container", "value": op is Op.EQ}
    else:
        place = {"filter": key.value}
    return place | {"op": op.value, "value": value_data(key, condition.value)}


def value_data(key: Key | EventField, value: Value) -> Data:
    """Return the value that a filter compares with, for JSON."""
    if isinstance(value, Pattern):
        return {STARS[value.open_start, value.open_end]: bytes_data(value.text)}
    if isinstance(value, Binary):
        return {"path": bytes_data(value.path)} | namespace_data(value.mntns)
    if isinstance(value, ContainerId):
        return {"id": value.prefix}
    if isinstance(value, New):
        return value.value
    return int(value) if key in SMALL else number_data(value)


def namespace_data(mntns: int | Host | None) -> dict[str, str]:
    """Return the mount namespace of a binary, if it has one."""
    if mntns is None:
        return {}
    return {"mntns": HOST if mntns is HOST_MNTNS else number_data(mntns)}


def read_scopes(data: Iterable[Data]) -> tuple[Scope, ...]:
    """Return the scopes; FormatError or a KeyError says what is not of the form."""
    return tuple(
        Scope(
            number=one["number"],
            events=frozenset(one["events"]),
            conditions=frozenset(map(read_filter, one["filters"])),
            follow=one.get("follow", False),
        )
        for one in data
    )


def read_filter(data: Mapping[str, Data]) -> Condition:
    """Return one filter."""
    name = data["filter"]
    if name == "in_container":
        return Condition(Key.IN_CONTAINER, Op.EQ if data["value"] else Op.NE, True)
    key = read_key(data)
    if "op" not in data:
        return Condition(key, Op.EQ if data["value"] else Op.NE, True)
    return Condition(key, Op(data["op"]), read_value(key, data["value"]))


def read_key(data: Mapping[str, Data]) -> Key | EventField:
    """Return what a filter is about."""
    if "event" in data:
        return EventField(data["event"], Part(data["filter"]), data.get("name", ""))
    return Key(data["filter"])


def read_value(key: Key | EventField, data: Data) -> Value:
    """Return the value that a filter compares with."""
    if data == NEW.value:
        return NEW
    if key is Key.BINARY:
        return Binary(read_bytes(data["path"]), read_namespace(data.get("mntns")))
    if key is Key.CONTAINER:
        return ContainerId(data["id"])
    if isinstance(data, dict):
        ((word, text),) = data.items()
        return Pattern(read_bytes(text), *OPENINGS[word])
    if key not in SMALL:
        return read_number(data)
    if not isinstance(data, int):
        raise FormatError(f"{data!r} is no number of 32 bits")
    return data


def read_namespace(data: Data) -> int | Host | None:
    """Return the mount namespace of a binary."""
    if data is None:
        return None
    return HOST_MNTNS if data == HOST else read_number(data)
