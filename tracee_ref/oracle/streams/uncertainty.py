# SPDX-License-Identifier: Apache-2.0
"""Possible events for an event in JSON with unresolved facts.

Only facts that a filter compares are varied, and only over the values that filters distinguish.
A result that is the same for all possible events is certain; any other is undecided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import product
from operator import or_
from typing import Any, Final, NamedTuple, TypeAlias

from model.facts import Container, Event, Process
from model.filters import Binary, FieldKey, Key

from ..reference.known_events import known_events
from ..reference.semantics import Semantics, Uses, union
from .events_json import REPLACEMENT, JsonEvent, process_of
from .json_fields import JsonField, form_of
from .process_state import ProcessState, ProcessTable

NAMES: Final = {Key.COMM: "processName", Key.UTS: "hostName"}
"""Names in which bytes may have been replaced in JSON."""

NOT_UTF8: Final = "needs {} as bytes: it is not UTF-8"
NEEDS_RAW: Final = "needs the raw value of {}: it is printed (parse-arguments)"
NO_EVENT: Final = "needs the sets of {}, which is not in the catalogue"
AGE: Final = "needs sched_process_fork of the process, or --begins"
PROGRAM: Final = "needs sched_process_exec of the process"
DESCENT: Final = "needs sched_process_fork of what the process descends from"
FOLLOWING: Final = "needs the life of the process from its beginning, or --begins"
CONTAINER_AGE: Final = "needs container_create or existing_container of the container"

UNNAMED_BINARY: Final = Binary(b"", 0)
"""A program that no filter names."""

Fields = Mapping[FieldKey, JsonField]
Change: TypeAlias = Mapping[str, Any]
"""New values of fields of ``Process``."""


class Unresolved(NamedTuple):
    """An unresolved fact: its possible values, and a phrase on what would resolve it."""

    key: str
    needs: str
    changes: Sequence[Change]


class PossibleEvents(NamedTuple):
    """The possible events, and the scopes that are undecided whatever the event is.

    ``needs`` maps each unresolved fact to a phrase on what would resolve it.
    """

    events: Sequence[Event]
    undecided: int
    needs: Mapping[str, str]


class PossibleProcesses(NamedTuple):
    """The possible processes of an event, and the scopes that filter a name with lost bytes."""

    processes: Sequence[Process]
    undecided: int
    unresolved: Sequence[Unresolved]


def possible_events(
    semantics: Semantics, event: JsonEvent, fields: Fields, possible: PossibleProcesses
) -> PossibleEvents:
    """Combine the possible processes of an event with its fields."""
    name = event["eventName"]
    selecting = semantics.uses.events.get(name, 0)
    undecided = possible.undecided & selecting
    needs = {fact.key: fact.needs for fact in possible.unresolved}
    if possible.undecided:
        needs |= {key.value: NOT_UTF8.format(text) for key, text in lossy_names(event)}
    if name not in known_events():
        undecided, needs["event"] = -1, NO_EVENT.format(name)
    for key, scopes, need in undecided_fields(semantics, name, fields):
        matching = reduce(or_, map(semantics.process_mask, possible.processes))
        undecided |= scopes & matching & selecting
        needs[".".join(key)] = need
    values = {key: field.value for key, field in fields.items() if field.value is not None}
    events = [Event(name, process, values) for process in possible.processes]
    return PossibleEvents(events, undecided, needs)


def undecided_fields(
    semantics: Semantics, name: str, fields: Fields
) -> Iterator[tuple[FieldKey, int, str]]:
    """Yield fields that do not decide some scopes, these scopes, and what is needed."""
    for key, field in fields.items():
        if field.value is None:
            continue
        if not field.lossless:
            yield key, semantics.uses.fields[name][key], NOT_UTF8.format(key[1])
        elif not field.raw:
            form = form_of(name, key[1])
            printer = form.printer if form else None
            scopes = semantics.needs_raw(name, key, field.value.printed, printer)
            if scopes:
                yield key, scopes, NEEDS_RAW.format(key[1])


def possible_processes(
    semantics: Semantics,
    event: JsonEvent,
    state: ProcessState,
    table: ProcessTable,
    tracers: frozenset[int],
) -> PossibleProcesses:
    """Return the processes that an event may be of, with the facts of the event and of `state`."""
    process = replace(
        process_of(event, tracers), binary=state.binary, new=bool(state.new),
        ancestry=state.ancestry, followed=state.followed,
    )  # fmt: skip
    container = process.container
    if container is not None and table.containers.get(container.id):
        process = replace(process, container=replace(container, new=True))
    unresolved = [*unresolved_facts(process, state, table, semantics.uses)]
    undecided = union(semantics.uses.keys.get(key, 0) for key, _ in lossy_names(event))
    return PossibleProcesses(combinations(process, unresolved), undecided, unresolved)


def lossy_names(event: JsonEvent) -> Iterator[tuple[Key, str]]:
    """Yield the names of an event in which bytes were replaced."""
    for key, name in NAMES.items():
        if REPLACEMENT in event[name]:
            yield key, name


def unresolved_facts(
    process: Process, state: ProcessState, table: ProcessTable, uses: Uses
) -> Iterator[Unresolved]:
    """Yield the facts that a filter compares and that are unresolved."""
    if Key.BINARY in uses.keys and is_unresolved(state.binary, uses):
        yield Unresolved(Key.BINARY.value, PROGRAM, possible_binaries(state.binary, uses))
    if uses.new_pid and state.new is None:
        yield Unresolved(Key.PID.value, AGE, ({"new": False}, {"new": True}))
    if Key.TREE in uses.keys:
        yield from unresolved_ancestry(state, table, uses)
    if state.maybe_followed & uses.follow:
        masks = (state.followed, state.followed | state.maybe_followed)
        yield Unresolved("follow", FOLLOWING, [{"followed": mask} for mask in masks])
    container = process.container
    if uses.new_container and container is not None and container.id not in table.containers:
        changes = [{"container": Container(container.id, new)} for new in (False, True)]
        yield Unresolved(Key.CONTAINER.value, CONTAINER_AGE, changes)


def is_unresolved(binary: Binary | None, uses: Uses) -> bool:
    """Whether a filter compares more of the program than is resolved."""
    if binary is None:
        return True
    return binary.mntns is None and any(
        filtered.mntns is not None and filtered.path == binary.path for filtered in uses.binaries
    )


def possible_binaries(binary: Binary | None, uses: Uses) -> list[Change]:
    """Return the programs that filters distinguish; for a resolved path, its namespaces."""
    filtered = sorted(uses.binaries, key=repr)
    same_path = [named for named in filtered if binary is None or named.path == binary.path]
    in_namespace = [replace(named, mntns=named.mntns or 0) for named in same_path]
    return [{"binary": possible} for possible in (binary or UNNAMED_BINARY, *in_namespace)]


def unresolved_ancestry(
    state: ProcessState, table: ProcessTable, uses: Uses
) -> Iterator[Unresolved]:
    """Yield the processes of ``tree`` filters that may be ancestors.

    None of them, or a single one, suffices: that distinguishes all filters.
    """
    ancestors = [pid for pid in sorted(uses.trees) if table.may_descend(state, pid)]
    if ancestors:
        sets = (state.ancestry, *(state.ancestry | {pid} for pid in ancestors))
        yield Unresolved(Key.TREE.value, DESCENT, [{"ancestry": ancestry} for ancestry in sets])


def combinations(process: Process, unresolved: Sequence[Unresolved]) -> list[Process]:
    """Return the process with each combination of the values of its unresolved facts."""
    return [
        replace(process, **{name: value for change in changes for name, value in change.items()})
        for changes in product(*(fact.changes for fact in unresolved))
    ]
