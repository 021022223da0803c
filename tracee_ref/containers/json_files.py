# SPDX-License-Identifier: Apache-2.0
"""Readers of JSON that may be missing or malformed: all missing parts are empty."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from ..strings import text_of

Json: TypeAlias = Mapping[str, Any]

FILE_BYTES: Final = 16 << 20
"""Limit of a file: the list of podman's containers has some KiB for each of them."""

STRING_CHARACTERS: Final = 1024
"""Limit of a string; what follows is cut off."""

OPEN_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC


def object_in(file: Path) -> Json:
    """Return the object in a file."""
    return _object(_value(_bytes(file)))


def objects_in(file: Path) -> list[Json]:
    """Return the objects of the array in a file."""
    value = _value(_bytes(file))
    return [_object(entry) for entry in value] if isinstance(value, list) else []


def json_at(value: Json, name: str) -> Json:
    """Return the object in a member that is JSON in a string."""
    member = value.get(name)
    return _object(_value(member)) if isinstance(member, str) else {}


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
    return text_of(text[:STRING_CHARACTERS].encode(errors="surrogatepass"))


def signature(file: Path) -> tuple[int, ...]:
    """Return what changes with a file's content, nothing if it cannot be read."""
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _bytes(file: Path) -> bytes:
    """Return the content of a regular file; nothing of others, which could block or never end."""
    try:
        fd = os.open(file, OPEN_FLAGS)
    except OSError:
        return b""
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > FILE_BYTES:
            return b""
        return _read(fd)
    except OSError:
        return b""
    finally:
        os.close(fd)


def _read(fd: int) -> bytes:
    """Return the content of an open file; nothing if it grew beyond the limit."""
    with os.fdopen(fd, "rb", closefd=False) as file:
        data = file.read(FILE_BYTES + 1)
    return data if len(data) <= FILE_BYTES else b""


def _value(data: str | bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
