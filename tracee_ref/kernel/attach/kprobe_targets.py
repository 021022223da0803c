# SPDX-License-Identifier: Apache-2.0
"""Kernel functions that no kprobe can be at: inlined, changed, or blacklisted.

The BTF of a kernel may have a function under its name in the source whose symbol has another one.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from .tracefs import kernel_file

KALLSYMS: Final = Path("/proc/kallsyms")
BLACKLIST: Final = "kprobes/blacklist"
NEVER_INLINED: Final = "security_"
"""Beginning of functions of the kernel that files of their own call: they have symbols."""

CHANGED: Final = r" ({}\.(?:isra|constprop|part|llvm)[.\w]*)[\n\t]"
"""Symbol of a function whose arguments the compiler changed."""


def why_not(function: str) -> str:
    """Return why no kprobe can be at a function, in words that go after its name; or nothing."""
    symbols = kernel_symbols()
    if symbols and not is_symbol(symbols, function):
        changed = re.search(CHANGED.format(re.escape(function)).encode(), symbols)
        return f"compiled as {changed[1].decode()}" if changed else "inlined by the compiler"
    return "on the blacklist of kprobes" if function in blacklist() else ""


def is_symbol(symbols: bytes, function: str) -> bool:
    """Whether a function is among symbols, of the kernel or of a module."""
    name = function.encode()
    return b" %b\n" % name in symbols or b" %b\t" % name in symbols


@cache
def kernel_symbols() -> bytes:
    """Return the text of /proc/kallsyms; empty if it cannot be read."""
    try:
        return KALLSYMS.read_bytes()
    except OSError:
        return b""


@cache
def blacklist() -> frozenset[str]:
    """Return the functions on the kernel's blacklist; empty if debugfs cannot be read."""
    return blacklisted(kernel_file("debugfs", BLACKLIST))


def blacklisted(text: str) -> frozenset[str]:
    """Return the functions of lines of addresses and names, as the kernel prints them."""
    return frozenset(line.split()[-1].partition("+")[0] for line in text.splitlines() if line)
