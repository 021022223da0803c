# SPDX-License-Identifier: Apache-2.0
"""JSON files of others: what is not there, or not of the form expected, is empty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]


def object_in(file: Path) -> Json:
    """Return the object that is a file's content."""
    return _object(_value(_bytes(file)))


def objects_in(file: Path) -> list[Json]:
    """Return the objects of the list that is a file's content."""
    value = _value(_bytes(file))
    return [_object(entry) for entry in value] if isinstance(value, list) else []


def parsed(text: str) -> Json:
    """Return the object that a text stands for."""
    return _object(_value(text))


def part(value: Json, name: str) -> Json:
    """Return an object inside of another one."""
    return _object(value.get(name))


def text(value: Json, name: str) -> str:
    """Return a text inside of an object."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def texts(value: Json, name: str) -> list[str]:
    """Return the texts of a list inside of an object."""
    found = value.get(name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


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
