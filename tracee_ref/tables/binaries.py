"""The table of program files, by path and mount namespace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from model.scope import Binary, Key, Scope

from .texts import Verdict, unasked

PATH_BYTES: Final = 480
"""The longest path that the kernel side can compare, in bytes without the NUL: a hash map's
key may take 512 bytes on Linux 5.10 (MAX_BPF_STACK in kernel/bpf/hashtab.c)."""

ANYWHERE: Final = 0
"""In place of a mount namespace's inode: any."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """What each (mount namespace, path) that a flag mentions says (rule 10)."""

    verdicts: dict[tuple[int, bytes], Verdict]
    unasked: int


def binaries(scopes: Sequence[Scope]) -> Binaries:
    """Return the table; a path with and one without a namespace are apart in it."""
    verdicts: dict[tuple[int, bytes], Verdict] = {}
    for scope in scopes:
        for condition in scope.process.get(Key.BINARY, ()):
            assert isinstance(condition.value, Binary)
            place = (condition.value.mntns or ANYWHERE, condition.value.path)
            verdicts.setdefault(place, Verdict()).join(condition.op, scope.bit)
    return Binaries(verdicts, unasked(scopes, Key.BINARY))
