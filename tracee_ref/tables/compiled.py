"""All tables of a set of scopes; a kind that no scope uses has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from model.scope import NEW, Key, Scope

from .binaries import Binaries, binaries
from .containers import KEYS as CONTAINER_KEYS
from .containers import Containers, containers
from .numbers import Intervals, pid_intervals, uid_intervals
from .texts import Automaton, automaton, has_patterns
from .verdicts import ExactValues, Verdict, Verdicts, exact_values, verdicts

NAMES: Final = (Key.COMM, Key.UTS)
VALUES: Final = (*NAMES, Key.MNTNS, Key.PIDNS)
"""Keys whose values are single ones, or with ``*`` for names."""


@dataclass(frozen=True, slots=True)
class AcceptTables:
    """What the kernel needs to compute masks; ``select`` is by event name (rule 3).

    ``new`` is what ``pid=new`` says, ``tree`` what descent from each process says, ``follow``
    the scopes with that filter.
    """

    select: Mapping[str, int]
    uid: Intervals | None
    pid: Intervals | None
    new: Verdict | None
    values: Mapping[Key, ExactValues | Automaton]
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
    return _compiled(scopes, used, {key for key in NAMES if has_patterns(scopes, key)})


def compile_all_tables(scopes: Sequence[Scope], *, patterns: bool) -> AcceptTables:
    """Return tables of every kind, those that no scope uses too: they accept everything.

    All names are exact ones, or with ``patterns`` all are matched as if there were ``*``.
    """
    return _compiled(scopes, set(Key), set(NAMES) if patterns else set())


def _compiled(scopes: Sequence[Scope], used: set[Key], patterns: set[Key]) -> AcceptTables:
    new = new_verdict(scopes)
    return AcceptTables(
        select=_select(scopes),
        uid=uid_intervals(scopes) if Key.UID in used else None,
        pid=pid_intervals(scopes) if Key.PID in used else None,
        new=new if new != Verdict() or used == set(Key) else None,
        values={
            key: automaton(scopes, key) if key in patterns else exact_values(scopes, key)
            for key in VALUES
            if key in used
        },
        binary=binaries(scopes) if Key.BINARY in used else None,
        tree=verdicts(scopes, Key.TREE, int) if Key.TREE in used else None,
        follow=sum(scope.bit for scope in scopes if scope.follow),
        container=containers(scopes) if used.intersection(CONTAINER_KEYS) else None,
    )


def new_verdict(scopes: Sequence[Scope]) -> Verdict:
    """Return what ``pid=new`` and ``pid!=new`` say (rule 9)."""
    table = verdicts(scopes, Key.PID, lambda value: value if value is NEW else None)
    return table.of.get(NEW, Verdict())


def _select(scopes: Sequence[Scope]) -> dict[str, int]:
    select: dict[str, int] = {}
    for scope in scopes:
        for event in scope.events:
            select[event] = select.get(event, 0) | scope.bit
    return select
