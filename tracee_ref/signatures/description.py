# SPDX-License-Identifier: Apache-2.0
"""Descriptions of signatures, read from their classes, and the checks of findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..events.event import Metadata, TraceEvent
from .base import Origin, Signature

U64_MAX, S64_MIN = (1 << 64) - 1, -(1 << 63)
DEPTH_MAX: Final = 16
"""Lists and mappings in one another in a finding."""

ERROR_CHARACTERS: Final = 300
"""Longest message of an error of a signature."""


class SignatureInfo(msgspec.Struct, frozen=True):
    """The class attributes of a signature, and the name of its class."""

    name: str
    event: str
    needs: tuple[str, ...]
    origin: Origin
    arguments: tuple[tuple[str, str], ...]
    environment: bool
    version: str
    description: str
    tags: tuple[str, ...]
    properties: dict[str, Any]

    def metadata(self) -> Metadata:
        """Return the metadata of the findings."""
        return Metadata(self.version, self.description, [*self.tags], dict(self.properties))

    def reads(self, event: TraceEvent) -> bool:
        """Return whether an event is of the origin."""
        in_container = self.origin is Origin.CONTAINER
        return self.origin is Origin.ANY or in_container == bool(event.container_id)


def describe(kind: type[Signature]) -> SignatureInfo:
    """Return the description of a class; raises any exception, as its attributes may do."""
    attributes = {field: getattr(kind, field) for field in SignatureInfo.__struct_fields__[1:]}
    origin = Origin(attributes.pop("origin"))
    values = {field: plain(value) for field, value in attributes.items()}
    return msgspec.convert(
        {**values, "name": plain(kind.__name__), "origin": origin.value}, SignatureInfo, strict=True
    )


def plain(value: Any, depth: int = DEPTH_MAX) -> Any:
    """Return a value as numbers, strings, bytes, lists and mappings; raises TypeError for others.

    What a subclass of these redefines is left out.
    """
    if depth == 0:
        raise TypeError(f"more than {DEPTH_MAX} lists in one another")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return bytes(memoryview(value))
    if isinstance(value, int) and S64_MIN <= value <= U64_MAX:
        return int.__int__(value)
    if isinstance(value, Mapping):
        return {name_of(name): plain(item, depth - 1) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth - 1) for item in value]
    raise TypeError(f"{value!r:.100}")


def name_of(name: object) -> str:
    """Return the name of a value in a mapping; raises TypeError for any but a printable string.

    Tables print names as they are.
    """
    if not isinstance(name, str) or not name or not str.isprintable(name):
        raise TypeError(f"{name!r:.100} is no name")
    return str.__str__(name)


def error_line(error: BaseException) -> str:
    """Return an exception as one line; its own methods may fail as well."""
    name = type.__getattribute__(type(error), "__name__")
    try:
        text = str(error)[:ERROR_CHARACTERS]
    except BaseException:
        text = "(its text cannot be read)"
    return " ".join(f"{name}: {text}".split()) if text else name
