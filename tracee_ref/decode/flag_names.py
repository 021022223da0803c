# SPDX-License-Identifier: Apache-2.0
"""Symbolic forms of flag words: names joined by ``|``.

Names and their order are those of Tracee v0.12 (docs/design/tracee-v0.12-facts.md, 5.6).  What
has no name is printed as strace does: in hexadecimal, and 0 as ``0``.  No form is empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from os import O_ACCMODE
from signal import Signals
from typing import Final

from ..events.names import bits, values

CACHED_WORDS: Final = 256
"""Words cached per formatter: programs use few different ones."""

SIGNAL_MASK: Final = 0xFF
"""The byte of clone's flags that holds the signal sent at exit (clone(2))."""

SIGNALS: Final = {signal.value: signal.name for signal in Signals if signal < Signals.SIGRTMIN}
REALTIME_SIGNALS: Final = range(32, 65)
"""Numbered from 0, as in the kernel: the C library keeps the first ones for itself."""

OPEN_MODES: Final = ("O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE")
"""Names by access mode, which is a number rather than bits (open(2))."""

SOCKET_TYPE_MASK: Final = 0xF
SOCKET_FLAGS: Final = (("SOCK_NONBLOCK", 0o4000), ("SOCK_CLOEXEC", 0o2000000))

FILE_TYPE_MASK: Final = 0o170000
BPF_COMMON_ATTRS: Final = 1 << 16
"""Flag of a command of bpf (linux/bpf.h, Linux v7.2)."""

WORD_BITS: Final = 32
REGISTER_BITS: Final = 64


def hexadecimal(value: int, width: int = REGISTER_BITS) -> str:
    """Return ``0x`` and lower-case digits; a negative number as a word of ``width`` bits."""
    return f"0x{value & ((1 << width) - 1):x}"


def set_names(value: int, table: Iterable[tuple[str, int]]) -> tuple[list[str], int]:
    """Return the names whose bits are all set, and the bits without a name.

    A name takes its bits from the names after it.
    """
    names = []
    for name, mask in table:
        if value & mask == mask:
            names.append(name)
            value &= ~mask
    return names, value


def joined(names: Iterable[str], rest: int = 0, width: int = WORD_BITS) -> str:
    """Return the names joined by ``|``, with the ``rest`` in hexadecimal; ``0`` for neither."""
    parts = [*names, hexadecimal(rest, width)] if rest else names
    return "|".join(parts) or "0"


@lru_cache(maxsize=CACHED_WORDS)
def open_flags(value: int) -> str:
    """Return the access mode of open and its other flags."""
    names, rest = set_names(value & ~O_ACCMODE, bits("open_flags"))
    if "O_TMPFILE" in names:  # last, and with the bit of O_DIRECTORY
        names = [*(name for name in names if name != "O_TMPFILE"), "O_TMPFILE"]
    return joined([OPEN_MODES[value & O_ACCMODE], *names], rest)


@lru_cache(maxsize=CACHED_WORDS)
def inode_mode(value: int) -> str:
    """Return the file type, the permissions and the set-id and sticky bits.

    Three permissions of one class are written as one name, such as ``S_IRWXU``.
    """
    types = values("file_type")
    kind = value & FILE_TYPE_MASK
    names, rest = set_names(value & ~kind, bits("permissions"))
    return joined([types[kind], *names], rest) if kind in types else joined(names, rest | kind)


@lru_cache(maxsize=CACHED_WORDS)
def protection(value: int) -> str:
    """Return the protection of memory pages."""
    return joined(*set_names(value, bits("protection"))) if value else "PROT_NONE"


@lru_cache(maxsize=CACHED_WORDS)
def access_mode(value: int) -> str:
    """Return the mode of access; F_OK (existence) is the absence of the others."""
    return joined(*set_names(value, bits("access_mode"))) if value else "F_OK"


@lru_cache(maxsize=CACHED_WORDS)
def execveat_flags(value: int) -> str:
    """Return the flags of execveat."""
    return joined(*set_names(value, bits("execveat_flags")))


@lru_cache(maxsize=CACHED_WORDS)
def clone_flags(value: int) -> str:
    """Return the flags of clone, then the signal sent to the parent at exit."""
    names, rest = set_names(value & ~SIGNAL_MASK, bits("clone_flags"))
    unnamed = [hexadecimal(rest)] if rest else []
    return joined([*names, *unnamed, *signal_name(value & SIGNAL_MASK)])


def signal_name(number: int) -> list[str]:
    """Return the name of a signal, or its number in decimal; nothing for 0."""
    if number in REALTIME_SIGNALS:
        return [f"SIGRT_{number - REALTIME_SIGNALS.start}"]
    return [SIGNALS.get(number, str(number))] if number else []


@lru_cache(maxsize=CACHED_WORDS)
def socket_type(value: int) -> str:
    """Return type and flags of a socket."""
    type_names = values("socket_type")
    names, rest = set_names(value & ~SOCKET_TYPE_MASK, SOCKET_FLAGS)
    kind = value & SOCKET_TYPE_MASK
    return (
        joined([type_names[kind], *names], rest)
        if kind in type_names
        else joined(names, rest | kind)
    )


@lru_cache(maxsize=CACHED_WORDS)
def bpf_command(value: int) -> str:
    """Return the command of bpf and its flag."""
    commands = values("bpf_cmd")
    command = value & ~BPF_COMMON_ATTRS
    names = ["BPF_COMMON_ATTRS"] if value & BPF_COMMON_ATTRS else []
    return (
        joined([commands[command], *names])
        if command in commands
        else hexadecimal(value, WORD_BITS)
    )
