# SPDX-License-Identifier: Apache-2.0
"""The kernel's names of numbers (uapi headers, x86-64), loaded when first asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from .catalogue import data_file


@cache
def tables() -> Mapping[str, Mapping[str, Mapping[str, int]]]:
    """Return ``data/names.json``: under ``values`` enumerations, under ``bits`` flag words.

    The flags of a word are in the order they are printed in.
    """
    names: dict[str, dict[str, dict[str, int]]] = json.loads(data_file("names.json"))
    return names


@cache
def values(table: str) -> dict[int, str]:
    """Return value -> name of an enumeration."""
    return {value: name for name, value in tables()["values"][table].items()}


@cache
def bits(table: str) -> tuple[tuple[str, int], ...]:
    """Return (name, bits) of a flag word, in printing order."""
    return tuple(tables()["bits"][table].items())
