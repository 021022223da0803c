# SPDX-License-Identifier: Apache-2.0
"""Compiler of scopes to accept tables, one for each key that a scope filters by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..model.scope import NEW, Binary, Host, Key, Scope
from .containers import CONTAINER_KEYS, ContainerTable, container_table
from .intervals import Intervals, has_ordering, intervals
from .masks import MaskTable, ScopeMasks, exact_values, mask_table
from .patterns import Automaton, automaton, has_patterns

NAMES: Final = (Key.COMM, Key.UTS)
IDS: Final = (Key.UID, Key.PID)
VALUES: Final = (*NAMES, Key.MNTNS, Key.PIDNS, *IDS)
"""Keys that are looked up by exact value, unless a scope uses ``*`` or a comparison."""

PATH_BYTES: Final = 480
"""The longest path that the kernel side can compare, in bytes without the NUL: a hash map's
key may take 512 bytes on Linux 5.10 (MAX_BPF_STACK in kernel/bpf/hashtab.c)."""

ANY_MNTNS: Final = 0
"""In a key, instead of the inode number of a mount namespace: any."""

BinaryKey: TypeAlias = tuple[int, bytes]
"""Mount namespace and path of a program file (rule 10)."""

Binaries: TypeAlias = MaskTable[BinaryKey]


@dataclass(frozen=True, slots=True)
class AcceptTables:
    """Everything the kernel side needs to compute masks.

    ``select`` maps event names to the scopes that selected them (rule 3), ``pid_new`` has the
    masks of the value ``new`` of pid, ``tree`` those of each ancestor, ``follow`` the scopes
    with that filter.
    """

    select: Mapping[str, int]
    pid_new: ScopeMasks | None
    values: Mapping[Key, MaskTable[bytes] | Automaton | Intervals]
    binary: Binaries | None
    tree: MaskTable[int] | None
    follow: int
    container: ContainerTable | None

    @property
    def tracks_processes(self) -> bool:
        """Whether a table needs the state that forks and execs give to processes."""
        return self.binary is not None or self.tree is not None or self.follow != 0


def compile_tables(scopes: Sequence[Scope]) -> AcceptTables:
    """Return the accept tables of the scopes."""
    used = {key for scope in scopes for key in scope.process}
    return compile_keys(scopes, used, keys_beyond_exact(scopes))


def keys_beyond_exact(scopes: Sequence[Scope]) -> set[Key]:
    """Return the keys of ``VALUES`` with which a scope uses ``*`` or a comparison."""
    names = {key for key in NAMES if has_patterns(scopes, key)}
    return names | {key for key in IDS if has_ordering(scopes, key)}


def compile_keys(scopes: Sequence[Scope], used: set[Key], beyond: set[Key]) -> AcceptTables:
    """Return the tables of the keys ``used``, as automata and intervals of those ``beyond``."""
    pid_new = pid_new_masks(scopes)
    return AcceptTables(
        select=selecting_scopes(scopes),
        pid_new=pid_new if pid_new != ScopeMasks() else None,
        values={key: _values(scopes, key, key in beyond) for key in VALUES if key in used},
        binary=binaries(scopes) if Key.BINARY in used else None,
        tree=mask_table(scopes, Key.TREE, int) if Key.TREE in used else None,
        follow=sum(scope.bit for scope in scopes if scope.follow),
        container=container_table(scopes) if used.intersection(CONTAINER_KEYS) else None,
    )


def _values(
    scopes: Sequence[Scope], key: Key, beyond: bool
) -> MaskTable[bytes] | Automaton | Intervals:
    if not beyond:
        return exact_values(scopes, key)
    return automaton(scopes, key) if key in NAMES else intervals(scopes, key)


def pid_new_masks(scopes: Sequence[Scope]) -> ScopeMasks:
    """Return the scopes with ``pid=new`` and those with ``pid!=new`` (rule 9)."""
    table = mask_table(scopes, Key.PID, lambda value: value if value is NEW else None)
    return table.masks.get(NEW, ScopeMasks())


def selecting_scopes(scopes: Iterable[Scope]) -> dict[str, int]:
    """Return the mask of the scopes that selected each event (rule 3)."""
    select: dict[str, int] = {}
    for scope in scopes:
        for event in scope.events:
            select[event] = select.get(event, 0) | scope.bit
    return select


def binaries(scopes: Sequence[Scope]) -> Binaries:
    """Return the table of program files; with and without a namespace a path has two keys."""
    return mask_table(scopes, Key.BINARY, program_key)


def program_keys(binary: Binary | None) -> list[BinaryKey]:
    """Return the keys that match a process's program."""
    return [] if binary is None else [program_key(binary), (ANY_MNTNS, binary.path)]


def program_key(value: Binary) -> BinaryKey:
    """Return the key of a program file; raises ValueError if ``host:`` is not resolved."""
    if isinstance(value.mntns, Host):
        raise ValueError(f"{value.path!r}: the host's mount namespace is not resolved")
    return value.mntns or ANY_MNTNS, value.path
