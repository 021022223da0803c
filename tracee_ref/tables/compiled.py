"""All tables of a set of scopes; a kind that no scope uses has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.scope import Key, Scope

from .binaries import Binaries, binaries
from .numbers import Intervals, pid_intervals, uid_intervals
from .texts import Automaton, ExactTexts, automaton, exact_texts, has_patterns


@dataclass(frozen=True, slots=True)
class AcceptTables:
    """What the kernel needs to compute masks; ``select`` is by event name (rule 3)."""

    select: dict[str, int]
    uid: Intervals | None
    pid: Intervals | None
    comm: ExactTexts | Automaton | None
    binary: Binaries | None

    @property
    def of_life(self) -> bool:
        """Whether a table is about what forks and execs make of processes."""
        return self.binary is not None


def compile_tables(scopes: Sequence[Scope]) -> AcceptTables:
    """Work out the accept tables of the scopes by asking the model."""
    used = {key for scope in scopes for key in scope.process}
    return AcceptTables(
        select=_select(scopes),
        uid=uid_intervals(scopes) if Key.UID in used else None,
        pid=pid_intervals(scopes) if Key.PID in used else None,
        comm=_comm(scopes) if Key.COMM in used else None,
        binary=binaries(scopes) if Key.BINARY in used else None,
    )


def _select(scopes: Sequence[Scope]) -> dict[str, int]:
    select: dict[str, int] = {}
    for scope in scopes:
        for event in scope.events:
            select[event] = select.get(event, 0) | scope.bit
    return select


def _comm(scopes: Sequence[Scope]) -> ExactTexts | Automaton:
    if has_patterns(scopes, Key.COMM):
        return automaton(scopes, Key.COMM)
    return exact_texts(scopes, Key.COMM)


def compile_all_tables(scopes: Sequence[Scope]) -> AcceptTables:
    """Return tables of every kind, those that no scope uses too: they accept everything."""
    return AcceptTables(
        select=_select(scopes),
        uid=uid_intervals(scopes),
        pid=pid_intervals(scopes),
        comm=_comm(scopes),
        binary=binaries(scopes),
    )
