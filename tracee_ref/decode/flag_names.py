# SPDX-License-Identifier: Apache-2.0
"""Symbolic forms of flag words: names joined by ``|``.

They are those of Tracee v0.12 (docs/design/tracee-v0.12-facts.md, 5.6).  Bits without a name
follow in hexadecimal, save for open's flags, whose list is complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from signal import Signals
from typing import Final

from ..events.names import bits, values

CACHED_WORDS: Final = 256
"""Words cached per formatter: programs use few different ones."""

SIGNAL_MASK: Final = 0xFF
"""The byte of clone's flags that holds the signal sent at exit (clone(2))."""

SIGNALS: Final = {signal.value: signal.name for signal in Signals}

SOCKET_TYPE_MASK: Final = 0xF
SOCKET_FLAGS: Final = (("SOCK_NONBLOCK", 0o4000), ("SOCK_CLOEXEC", 0o2000000))


def set_names(value: int, table: Iterable[tuple[str, int]]) -> tuple[list[str], int]:
    """Return the names whose bits are all set, and the bits without a name."""
    present = [(name, mask) for name, mask in table if value & mask == mask]
    rest = value
    for _, mask in present:
        rest &= ~mask
    return [name for name, _ in present], rest


def joined(names: list[str], rest: int = 0, width: int = 32) -> str:
    """Return the names joined by ``|``, with the ``rest`` in hexadecimal."""
    if rest:
        names = [*names, hex(rest & ((1 << width) - 1))]
    return "|".join(names)


@lru_cache(maxsize=CACHED_WORDS)
def open_flags(value: int) -> str:
    """Return the flags of open; 0 is the empty string."""
    if value == 0:
        return ""
    mode = "O_WRONLY" if value & 1 else "O_RDWR" if value & 2 else "O_RDONLY"
    return joined([mode, *set_names(value, bits("open_flags"))[0]])


@lru_cache(maxsize=CACHED_WORDS)
def inode_mode(value: int) -> str:
    """Return the file type, the permissions and the set-id and sticky bits.

    The type is the first one whose bits are all set.  Three permissions of one class are
    written as one name, such as ``S_IRWXU``.
    """
    kind = [(name, mask) for name, mask in bits("file_type") if value & mask == mask][:1]
    names, rest = set_names(value, kind)
    for name, mask in bits("permissions"):
        if rest & mask == mask:
            names.append(name)
            rest &= ~mask
    return joined(names, rest)


@lru_cache(maxsize=CACHED_WORDS)
def protection(value: int) -> str:
    """Return the protection of memory pages."""
    return joined(*set_names(value, bits("protection"))) or "PROT_NONE"


@lru_cache(maxsize=CACHED_WORDS)
def access_mode(value: int) -> str:
    """Return the mode of access; F_OK (existence) is the absence of the others."""
    return joined(*set_names(value, bits("access_mode"))) or "F_OK"


@lru_cache(maxsize=CACHED_WORDS)
def execveat_flags(value: int) -> str:
    """Return the flags of execveat; 0 is the empty string."""
    return joined(*set_names(value, bits("execveat_flags")))


@lru_cache(maxsize=CACHED_WORDS)
def clone_flags(value: int) -> str:
    """Return the flags of clone, then the signal sent to the parent at exit."""
    names, rest = set_names(value & ~SIGNAL_MASK, bits("clone_flags"))
    signal = value & SIGNAL_MASK
    if signal in SIGNALS:
        return joined([*names, SIGNALS[signal]], rest, width=64)
    return joined(names, rest | signal, width=64)


@lru_cache(maxsize=CACHED_WORDS)
def socket_type(value: int) -> str:
    """Return type and flags of a socket; a type without a name is the word in decimal."""
    name = values("socket_type").get(value & SOCKET_TYPE_MASK, str(value))
    return joined([name, *set_names(value, SOCKET_FLAGS)[0]])
