# SPDX-License-Identifier: Apache-2.0
"""What is known about one event: everything that it may be, as the semantics takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import product
from operator import or_
from typing import Any, Final, NamedTuple, TypeAlias

from model.facts import Container, Event, FieldValue, Process
from model.filters import Binary, FieldKey, Key

from ..reference.known_events import known_events
from ..reference.semantics import Semantics, Uses, union
from .events_json import REPLACED, Traced, process_of
from .json_fields import Read, form_of
from .process_state import Life, Lives

NAMES: Final = {Key.COMM: "processName", Key.UTS: "hostName"}
"""Names that may have lost bytes on their way into JSON."""

NOT_UTF8: Final = "needs {} as bytes: it is not UTF-8"
NEEDS_RAW: Final = "needs the raw value of {}: it is printed (parse-arguments)"
NO_EVENT: Final = "needs the sets of {}, which is not in the catalogue"

Fields = Mapping[FieldKey, Read]


class Settled(NamedTuple):
    """Every event that it may be; ``vague`` are scopes that cannot be judged at all.

    ``needs`` has what is not known, by the kind of fact, and what would tell.
    """

    events: Sequence[Event]
    vague: int
    needs: Mapping[str, str]


class Person(NamedTuple):
    """Every process that may be meant, and the scopes that ask for a name that is not known."""

    processes: Sequence[Process]
    vague: int
    opens: Sequence[Open]


def settle(semantics: Semantics, traced: Traced, fields: Fields, person: Person) -> Settled:
    """Put together what is known of the process and of the fields."""
    name = traced["eventName"]
    vague = person.vague & semantics.uses.events.get(name, 0)
    needs = {one.key: one.needs for one in person.opens}
    needs |= {key.value: NOT_UTF8.format(text) for key, text in replaced(traced, person.vague)}
    if name not in known_events():
        vague, needs["event"] = -1, NO_EVENT.format(name)
    for key, blind, need in unclear(semantics, name, fields):
        may = reduce(or_, map(semantics.process_mask, person.processes))
        vague |= blind & may & semantics.uses.events.get(name, 0)
        needs[".".join(key)] = need
    known = {key: read.shown for key, read in fields.items() if read.shown is not None}
    return Settled(events_of(name, person.processes, known), vague, needs)


def events_of(
    name: str, processes: Sequence[Process], fields: Mapping[FieldKey, FieldValue]
) -> list[Event]:
    """Return the event with each of the processes."""
    return [Event(name, process, fields) for process in processes]


def unclear(semantics: Semantics, name: str, fields: Fields) -> Iterator[tuple[FieldKey, int, str]]:
    """Give the fields that are not enough for some scopes, and what would be."""
    for key, read in fields.items():
        if read.shown is None:
            continue
        if not read.whole:
            yield key, semantics.uses.fields[name][key], NOT_UTF8.format(key[1])
        elif not read.raw:
            form = form_of(name, key[1])
            blind = semantics.needs_raw(
                name, key, read.shown.printed, form.printer if form else None
            )
            if blind:
                yield key, blind, NEEDS_RAW.format(key[1])


def person_of(
    semantics: Semantics, traced: Traced, life: Life, lives: Lives, tracers: frozenset[int]
) -> Person:
    """Return what is known of the process of an event."""
    process = replace(
        process_of(traced, tracers), binary=life.binary, new=bool(life.new),
        ancestry=life.ancestry, followed=life.followed,
    )  # fmt: skip
    container = process.container
    if container is not None and lives.containers.get(container.id):
        process = replace(process, container=replace(container, new=True))
    opens = [*open_facts(process, life, lives, semantics.uses)]
    vague = union(semantics.uses.keys.get(key, 0) for key, _ in replaced(traced, -1))
    return Person(possibilities(process, opens), vague, opens)


def replaced(traced: Traced, asking: int) -> Iterator[tuple[Key, str]]:
    """Give the names that have lost bytes, if any scope asks."""
    for key, name in NAMES.items():
        if asking and REPLACED in traced[name]:
            yield key, name


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
