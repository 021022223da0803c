"""Every process that an event may be about, where not all facts of it are known.

Only facts that a filter asks for are varied, and only over values that filters tell apart:
what all possibilities agree on is certain, and the rest cannot be decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Final, NamedTuple, TypeAlias

from model.facts import Container, Process
from model.filters import Binary, Key

from .judging import Uses
from .process_state import Life, Lives

Change: TypeAlias = Mapping[str, Any]
"""Values of fields of a process."""

AGE: Final = "needs sched_process_fork of the process, or --begins"
PROGRAM: Final = "needs sched_process_exec of the process"
DESCENT: Final = "needs sched_process_fork of what the process descends from"
FOLLOWING: Final = "needs the life of the process from its beginning, or --begins"
CONTAINER_AGE: Final = "needs container_create or existing_container of the container"

OTHER: Final = Binary(b"", 0)
"""A program that no filter names."""


class Open(NamedTuple):
    """A fact that is not known: what could be, and what would tell."""

    key: str
    needs: str
    changes: Sequence[Change]


def open_facts(process: Process, life: Life, lives: Lives, uses: Uses) -> Iterator[Open]:
    """Give the facts that are asked for and not known."""
    if Key.BINARY in uses.keys and unknown_binary(life.binary, uses):
        yield Open(Key.BINARY.value, PROGRAM, binaries(life.binary, uses))
    if uses.new_pid and life.new is None:
        yield Open(Key.PID.value, AGE, ({"new": False}, {"new": True}))
    if Key.TREE in uses.keys:
        yield from open_descent(life, lives, uses)
    if life.perhaps & uses.follow:
        masks = (life.followed, life.followed | life.perhaps)
        yield Open("follow", FOLLOWING, [{"followed": mask} for mask in masks])
    container = process.container
    if uses.new_container and container is not None and container.id not in lives.containers:
        either = (Container(container.id, new) for new in (False, True))
        yield Open(Key.CONTAINER.value, CONTAINER_AGE, [{"container": one} for one in either])


def unknown_binary(binary: Binary | None, uses: Uses) -> bool:
    """Whether more of the program is asked for than is known."""
    if binary is None:
        return True
    return binary.mntns is None and any(
        one.mntns is not None and one.path == binary.path for one in uses.binaries
    )


def binaries(binary: Binary | None, uses: Uses) -> list[Change]:
    """Return the programs that filters tell apart; of a known path, the mount namespaces."""
    named = sorted(uses.binaries, key=repr)
    same = [one for one in named if binary is None or one.path == binary.path]
    somewhere = [replace(one, mntns=one.mntns or 0) for one in same]
    return [{"binary": one} for one in (binary or OTHER, *somewhere)]


def open_descent(life: Life, lives: Lives, uses: Uses) -> Iterator[Open]:
    """Give which listed processes may be above; one of them, or none, tells all apart."""
    above = [pid for pid in sorted(uses.trees) if lives.may_descend(life, pid)]
    if above:
        sets = (life.ancestry, *(life.ancestry | {pid} for pid in above))
        yield Open(Key.TREE.value, DESCENT, [{"ancestry": one} for one in sets])


def possibilities(process: Process, opens: Sequence[Open]) -> list[Process]:
    """Return every process that may be meant."""
    return [
        replace(process, **{name: value for change in changes for name, value in change.items()})
        for changes in product(*(one.changes for one in opens))
    ]
