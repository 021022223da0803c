# SPDX-License-Identifier: Apache-2.0
"""Readers of JSON that may be missing or malformed: all missing parts are empty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from ..strings import text_of

Json: TypeAlias = Mapping[str, Any]


def object_in(file: Path) -> Json:
    """Return the object in a file."""
    return _object(_value(_bytes(file)))


def objects_in(file: Path) -> list[Json]:
    """Return the objects of the array in a file."""
    value = _value(_bytes(file))
    return [_object(entry) for entry in value] if isinstance(value, list) else []


def parse_object(text: str) -> Json:
    """Return the object in a string."""
    return _object(_value(text))


def object_at(value: Json, name: str) -> Json:
    """Return a member that is an object."""
    return _object(value.get(name))


def string_at(value: Json, name: str) -> str:
    """Return a member that is a string."""
    member = value.get(name)
    return _text(member) if isinstance(member, str) else ""


def strings_at(value: Json, name: str) -> list[str]:
    """Return the strings of a member that is an array."""
    member = value.get(name)
    return (
        [_text(item) for item in member if isinstance(item, str)]
        if isinstance(member, list)
        else []
    )


def _text(text: str) -> str:
    """Return a string of JSON, which may have lone surrogates, as text (rule 20)."""
    return text_of(text.encode(errors="surrogatepass"))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _value(data: str | bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
