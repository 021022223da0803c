# SPDX-License-Identifier: Apache-2.0
"""Names of the kernel's constants (uapi headers, x86-64), loaded at first use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def tables() -> Mapping[str, Any]:
    """Return ``data/names.json``: enumerations under ``values``, flag words under ``bits``.

    The flags of a word are in printing order.  ``source`` is the kernel that they are up to date
    with (tools/make_names.py).
    """
    names: dict[str, Any] = json.loads(
        resources.files(__package__).joinpath("data", "names.json").read_bytes()
    )
    return names


@cache
def values(table: str) -> dict[int, str]:
    """Return the names of an enumeration by value."""
    return {value: name for name, value in tables()["values"][table].items()}


@cache
def bits(table: str) -> tuple[tuple[str, int], ...]:
    """Return (name, mask) of each flag of a word, in printing order."""
    return tuple(tables()["bits"][table].items())
