# SPDX-License-Identifier: Apache-2.0
"""Functions of the running kernel and its modules, and those that can be traced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from ..attach.kprobe_targets import kernel_symbols
from ..attach.tracefs import kernel_file

TEXT: Final = frozenset("tTwW")
"""Kinds of symbols that are code."""

TRACEABLE: Final = "available_filter_functions"
"""File of tracefs with the functions that ftrace knows: kprobes accept no others, as a rule."""

VARIANT: Final = "."
"""Before the suffix of a function that the compiler made of another (isra, constprop, part)."""


@cache
def functions() -> Mapping[str, int]:
    """Return the number of functions of each name, in the order of /proc/kallsyms."""
    return count_functions(kernel_symbols().decode().splitlines())


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
    lines = kernel_file("tracefs", TRACEABLE).splitlines()
    return frozenset(line.split(None, 1)[0] for line in lines if line.strip())
