"""The kernel's names of numbers (uapi headers, x86-64), loaded when first asked for."""

from __future__ import annotations

from functools import cache

import msgspec

from .catalogue import data_file


class Names(msgspec.Struct):
    """``data/names.json``: enumerations, and flag words in the order they are printed in."""

    values: dict[str, dict[str, int]]
    bits: dict[str, dict[str, int]]


@cache
def tables() -> Names:
    """Return all tables."""
    return msgspec.json.decode(data_file("names.json"), type=Names)


@cache
def values(table: str) -> dict[int, str]:
    """Return value -> name of an enumeration."""
    return {value: name for name, value in tables().values[table].items()}


@cache
def bits(table: str) -> tuple[tuple[str, int], ...]:
    """Return (name, bits) of a flag word, in printing order."""
    return tuple(tables().bits[table].items())
