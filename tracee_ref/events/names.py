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
    """Return enumerations under ``values``, flag words under ``bits``.

    The flags of a word are in printing order.  ``data/names.json`` has what Tracee v0.12 names,
    ``data/flags.json`` other arguments of syscalls; ``source`` is the kernel that they are up to
    date with (tools/make_names.py, tools/make_flags.py).
    """
    data = resources.files(__package__).joinpath("data")
    names, flags = (
        json.loads(data.joinpath(f"{name}.json").read_bytes()) for name in ("names", "flags")
    )
    return {kind: {**flags[kind], **names[kind]} for kind in ("values", "bits")}


@cache
def values(table: str) -> dict[int, str]:
    """Return the names of an enumeration by value."""
    return {value: name for name, value in tables()["values"][table].items()}


@cache
def bits(table: str) -> tuple[tuple[str, int], ...]:
    """Return (name, mask) of each flag of a word, in printing order."""
    return tuple(tables()["bits"][table].items())
