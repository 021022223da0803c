# SPDX-License-Identifier: Apache-2.0
"""All tables of a set of scopes; a kind that no scope uses has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from model.scope import NEW, Binary, Host, Key, Scope

from .containers import KEYS as CONTAINER_KEYS
from .containers import Containers, containers
from .intervals import Intervals, has_orders, intervals
from .masks import Verdict, Verdicts, single_values, verdicts
from .patterns import Automaton, automaton, has_patterns

NAMES: Final = (Key.COMM, Key.UTS)
IDS: Final = (Key.UID, Key.PID)
VALUES: Final = (*NAMES, Key.MNTNS, Key.PIDNS, *IDS)
"""Keys whose values are single ones, if no scope uses ``*`` with names, an order with ids."""

PATH_BYTES: Final = 480
"""The longest path that the kernel side can compare, in bytes without the NUL: a hash map's
key may take 512 bytes on Linux 5.10 (MAX_BPF_STACK in kernel/bpf/hashtab.c)."""

ANY_MNTNS: Final = 0
"""In a key, instead of the inode number of a mount namespace: any."""

BinaryKey: TypeAlias = tuple[int, bytes]
"""Mount namespace and path of a program file (rule 10)."""

Binaries: TypeAlias = Verdicts[BinaryKey]


@dataclass(frozen=True, slots=True)
class AcceptTables:
    """What the kernel needs to compute masks; ``select`` is by event name (rule 3).

    ``new`` is what ``pid=new`` says, ``tree`` what descent from each process says, ``follow``
    the scopes with that filter.
    """

    select: Mapping[str, int]
    new: Verdict | None
    values: Mapping[Key, Verdicts[bytes] | Automaton | Intervals]
    binary: Binaries | None
    tree: Verdicts[int] | None
    follow: int
    container: Containers | None

    @property
    def of_life(self) -> bool:
        """Whether a table is about what forks and execs make of processes."""
        return self.binary is not None or self.tree is not None or self.follow != 0


def compile_tables(scopes: Sequence[Scope]) -> AcceptTables:
    """Work out the accept tables of the scopes by asking the model."""
    used = {key for scope in scopes for key in scope.process}
    return _compiled(scopes, used, beyond_values(scopes))


def compile_all_tables(scopes: Sequence[Scope], *, single: bool) -> AcceptTables:
    """Return tables of every kind, those that no scope uses too: they accept everything.

    All names and ids are ``single`` values, or all are matched as if there were ``*`` and orders.
    """
    return _compiled(scopes, set(Key), set() if single else {*NAMES, *IDS})


def beyond_values(scopes: Sequence[Scope]) -> set[Key]:
    """Return the keys of ``VALUES`` with which a scope uses ``*`` or an order."""
    names = {key for key in NAMES if has_patterns(scopes, key)}
    return names | {key for key in IDS if has_orders(scopes, key)}


def _compiled(scopes: Sequence[Scope], used: set[Key], beyond: set[Key]) -> AcceptTables:
    new = new_verdict(scopes)
    return AcceptTables(
        select=selecting_scopes(scopes),
        new=new if new != Verdict() or used == set(Key) else None,
        values={key: _values(scopes, key, key in beyond) for key in VALUES if key in used},
        binary=binaries(scopes) if Key.BINARY in used else None,
        tree=verdicts(scopes, Key.TREE, int) if Key.TREE in used else None,
        follow=sum(scope.bit for scope in scopes if scope.follow),
        container=containers(scopes) if used.intersection(CONTAINER_KEYS) else None,
    )


def _values(
    scopes: Sequence[Scope], key: Key, beyond: bool
) -> Verdicts[bytes] | Automaton | Intervals:
    if not beyond:
        return single_values(scopes, key)
    return automaton(scopes, key) if key in NAMES else intervals(scopes, key)


def new_verdict(scopes: Sequence[Scope]) -> Verdict:
    """Return what ``pid=new`` and ``pid!=new`` say (rule 9)."""
    table = verdicts(scopes, Key.PID, lambda value: value if value is NEW else None)
    return table.of.get(NEW, Verdict())


def selecting_scopes(scopes: Iterable[Scope]) -> dict[str, int]:
    """Return the mask of the scopes that selected each event (rule 3)."""
    select: dict[str, int] = {}
    for scope in scopes:
        for event in scope.events:
            select[event] = select.get(event, 0) | scope.bit
    return select


def binaries(scopes: Sequence[Scope]) -> Binaries:
    """Return the table of program files; with and without a namespace a path has two keys."""
    return verdicts(scopes, Key.BINARY, program_key)


def program_keys(binary: Binary | None) -> list[BinaryKey]:
    """Return the keys that match a process's program."""
    return [] if binary is None else [program_key(binary), (ANY_MNTNS, binary.path)]


def program_key(value: Binary) -> BinaryKey:
    """Return the key of a program file; ValueError while ``host:`` is not resolved."""
    if isinstance(value.mntns, Host):
        raise ValueError(f"{value.path!r}: the host's mount namespace is not resolved")
    return value.mntns or ANY_MNTNS, value.path
