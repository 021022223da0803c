"""The table of program files, by path and mount namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from model.scope import Binary, Key, Scope

from .masks import Verdicts, verdicts

PATH_BYTES: Final = 480
"""The longest path that the kernel side can compare, in bytes without the NUL: a hash map's
key may take 512 bytes on Linux 5.10 (MAX_BPF_STACK in kernel/bpf/hashtab.c)."""

ANYWHERE: Final = 0
"""In place of a mount namespace's inode: any."""

Binaries: TypeAlias = Verdicts[tuple[int, bytes]]
"""What each (mount namespace, path) that a flag mentions says (rule 10)."""


def binaries(scopes: Sequence[Scope]) -> Binaries:
    """Return the table; a path with and one without a namespace are apart in it."""
    return verdicts(scopes, Key.BINARY, _place)


def places_of(binary: Binary | None) -> list[tuple[int, bytes]]:
    """Return the places that a process's program meets."""
    if binary is None:
        return []
    return [(binary.mntns or ANYWHERE, binary.path), (ANYWHERE, binary.path)]


def _place(value: Binary) -> tuple[int, bytes]:
    return value.mntns or ANYWHERE, value.path
