# SPDX-License-Identifier: Apache-2.0
"""Symbols of the kernel by address, from /proc/kallsyms at the first use.

Without CAP_SYSLOG the kernel hides the addresses: then none has a name.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

KALLSYMS: Final = Path("/proc/kallsyms")
CODE_AND_DATA: Final = frozenset("tTwWdDbBrRvV")
FARTHEST_BYTES: Final = 1 << 20
"""An address that is farther from the symbol before it is in none."""


class KernelSymbols(NamedTuple):
    """Addresses in order, and the symbol at each: its name, with its module in brackets."""

    addresses: list[int]
    names: list[str]

    def name(self, address: int) -> str:
        """Return SYMBOL, or SYMBOL+OFFSET within one; an empty string if there is none."""
        index = bisect_right(self.addresses, address) - 1
        if index < 0 or address - self.addresses[index] > FARTHEST_BYTES:
            return ""
        symbol, _, module = self.names[index].partition(" ")
        offset = address - self.addresses[index]
        return f"{symbol}{f'+{offset:#x}' if offset else ''}{f' {module}' if module else ''}"


def read_symbols(lines: Iterable[str]) -> KernelSymbols:
    """Return the symbols of lines of /proc/kallsyms; of several at one address the first."""
    found: dict[int, str] = {}
    for line in lines:
        address, kind, *names = line.split()
        if kind in CODE_AND_DATA and int(address, 16):
            found.setdefault(int(address, 16), " ".join(names))
    ordered = sorted(found)
    return KernelSymbols(ordered, [found[address] for address in ordered])


@cache
def kernel_symbols() -> KernelSymbols:
    """Return the symbols of this kernel as it is now; none if the file cannot be read."""
    try:
        with KALLSYMS.open(encoding="ascii", errors="replace") as file:
            return read_symbols(file)
    except OSError:
        return KernelSymbols([], [])


def symbol_text(address: int) -> str:
    """Return the symbol at an address, or the address in hexadecimal."""
    return kernel_symbols().name(address) or f"{address:#x}"
