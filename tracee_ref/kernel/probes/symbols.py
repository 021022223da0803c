# SPDX-License-Identifier: Apache-2.0
"""Functions of the running kernel and its modules, and those that kprobes refuse."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from ..attach.tracefs import kernel_mount

KALLSYMS: Final = Path("/proc/kallsyms")
TEXT: Final = frozenset("tTwW")
"""Kinds of symbols that are code."""

TRACEABLE: Final = "available_filter_functions"
"""File of tracefs with the functions that ftrace knows: kprobes accept no others, as a rule."""

BLACKLIST: Final = "kprobes/blacklist"
"""File of debugfs with the functions that kprobes refuse: address range and name of each."""

VARIANT: Final = "."
"""Before the suffix of a function that the compiler made of another (isra, constprop, part)."""


@cache
def functions() -> Mapping[str, int]:
    """Return the number of functions of each name, in the order of /proc/kallsyms."""
    return count_functions(KALLSYMS.read_text(encoding="utf-8").splitlines())


def count_functions(lines: Iterable[str]) -> Mapping[str, int]:
    """Return the number of functions of each name in lines of /proc/kallsyms."""
    symbols = (line.split(None, 3) for line in lines)
    return Counter(symbol[2] for symbol in symbols if len(symbol) > 2 and symbol[1] in TEXT)


def variants_of(name: str) -> list[str]:
    """Return the functions that the compiler made of a function."""
    return sorted(known for known in functions() if known.startswith(f"{name}{VARIANT}"))


@cache
def traceable() -> frozenset[str]:
    """Return the functions that can be traced; none if the list cannot be read."""
    lines = _lines("tracefs", TRACEABLE)
    return frozenset(line.split(None, 1)[0] for line in lines if line.strip())


@cache
def blacklist() -> frozenset[str]:
    """Return the functions that kprobes refuse; none if the list cannot be read."""
    fields = map(str.split, _lines("debugfs", BLACKLIST))
    return frozenset(columns[1] for columns in fields if len(columns) > 1)


def _lines(kind: str, path: str) -> list[str]:
    """Return the lines of a file of the kernel; none if it cannot be read."""
    try:
        root = kernel_mount(kind)
    except OSError:
        return []
    try:
        with os.fdopen(os.open(path, os.O_RDONLY, dir_fd=root)) as file:
            return file.read().splitlines()
    except OSError:
        return []
    finally:
        os.close(root)
