# SPDX-License-Identifier: Apache-2.0
"""Possible events for an event in JSON with unresolved facts.

Only facts that a filter compares are varied, and only over the values that filters distinguish.
A scope that matches all possible events, or none, is certain; any other is undecidable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import product
from operator import or_
from typing import Any, Final, NamedTuple, TypeAlias

from ...events.probe_names import is_probe
from ...model.facts import Container, Event, Process
from ...model.filters import Binary, FieldKey, Key
from ...model.scope import MAX_SCOPES
from ..reference.known_events import known_events
from ..reference.semantics import Semantics, Uses, union
from .events_json import JsonEvent, is_resolved, process_of
from .json_fields import JsonField, form_of
from .process_state import ProcessState, ProcessTable

NAMES: Final = {Key.COMM: "processName", Key.UTS: "hostName"}
"""Names that may be not UTF-8; other tracers have U+FFFD for bytes that are not."""

ALL_SCOPES: Final = (1 << MAX_SCOPES) - 1

NOT_UTF8: Final = "needs {} as bytes: it is not UTF-8"
NEEDS_RAW: Final = "needs {} as a number: the stream has its symbolic form (parse-arguments)"
NEEDS_LATER: Final = "needs {} as it was at the return of the call: it had changed"
UNKNOWN_EVENT: Final = "unknown event {}: the sets that contain it are not known"
NEEDS_FORK: Final = "needs sched_process_fork of the process, or --begins"
NEEDS_EXEC: Final = "needs sched_process_exec of the process"
NEEDS_ANCESTORS: Final = "needs sched_process_fork of the ancestors of the process"
NEEDS_HISTORY: Final = "needs all forks and execs since the process started, or --begins"
NEEDS_CONTAINER: Final = "needs container_create or existing_container of the container"

NO_MNTNS: Final = 0
"""Stands for every mount namespace that no filter names; none has this inode number."""

UNNAMED_BINARY: Final = Binary(b"", NO_MNTNS)
"""An executed file that no filter names."""

Fields = Mapping[FieldKey, JsonField]
Change: TypeAlias = Mapping[str, Any]
"""New values of fields of ``Process``."""


class Unresolved(NamedTuple):
    """An unresolved fact: its possible values, and a phrase on what would resolve it."""

    key: str
    needs: str
    changes: Sequence[Change]


class PossibleEvents(NamedTuple):
    """The possible events, and the scopes that are undecidable whichever of them is the real one.

    For other scopes, the results of the possible events are compared.  ``needs`` maps each
    unresolved fact to a phrase on what would resolve it.
    """

    events: Sequence[Event]
    undecidable: int
    needs: Mapping[str, str]


class PossibleProcesses(NamedTuple):
    """The possible processes of an event.

    ``undecidable`` is the mask of the scopes that filter on a name of it that is not UTF-8.
    """

    processes: Sequence[Process]
    undecidable: int
    unresolved: Sequence[Unresolved]


def possible_events(
    semantics: Semantics, event: JsonEvent, fields: Fields, possible: PossibleProcesses
) -> PossibleEvents:
    """Combine the possible processes of an event with its fields."""
    name = event["eventName"]
    selecting = semantics.uses.events.get(name, 0)
    undecidable = possible.undecidable & selecting
    needs = {fact.key: fact.needs for fact in possible.unresolved}
    if possible.undecidable:
        needs |= {key.value: NOT_UTF8.format(text) for key, text in names_not_utf8(event)}
    if name not in known_events() and not is_probe(name):  # any scope may select it by a set
        undecidable, needs["event"] = ALL_SCOPES, UNKNOWN_EVENT.format(name)
    for key, scopes, need in undecidable_fields(semantics, name, fields):
        matching = reduce(or_, map(semantics.process_mask, possible.processes))
        undecidable |= scopes & matching & selecting
        needs[".".join(key)] = need
    values = {key: field.value for key, field in fields.items() if field.value is not None}
    events = [Event(name, process, values) for process in possible.processes]
    return PossibleEvents(events, undecidable, needs)


def undecidable_fields(
    semantics: Semantics, name: str, fields: Fields
) -> Iterator[tuple[FieldKey, int, str]]:
    """Yield each field with a filter that cannot be evaluated, the scopes with one, the reason."""
    for key, field in fields.items():
        if field.value is None:
            continue
        if not field.complete:
            yield key, semantics.uses.fields[name][key], NEEDS_LATER.format(key[1])
        elif not field.is_utf8:
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
    """Return the possible processes of an event, from the facts of the event and of `state`."""
    process = replace(
        process_of(event, tracers), binary=state.binary, new=bool(state.new),
        ancestry=state.ancestry, followed=state.followed,
    )  # fmt: skip
    container = process.container
    if container is not None and table.containers.get(
        container.id
    ):  # if absent: unresolved_facts()
        process = replace(process, container=replace(container, new=True))
    unresolved = [*unresolved_facts(process, state, table, semantics.uses)]
    undecidable = union(semantics.uses.keys.get(key, 0) for key, _ in names_not_utf8(event))
    return PossibleProcesses(combinations(process, unresolved), undecidable, unresolved)


def names_not_utf8(event: JsonEvent) -> Iterator[tuple[Key, str]]:
    """Yield the filter keys and JSON keys of the names of an event that are not UTF-8."""
    for key, name in NAMES.items():
        if not is_resolved(event[name]):
            yield key, name


def unresolved_facts(
    process: Process, state: ProcessState, table: ProcessTable, uses: Uses
) -> Iterator[Unresolved]:
    """Yield the facts that a filter compares and that are unresolved."""
    if Key.BINARY in uses.keys and is_unresolved(state.binary, uses):
        yield Unresolved(Key.BINARY.value, NEEDS_EXEC, possible_binaries(state.binary, uses))
    if uses.new_pid and state.new is None:
        yield Unresolved(Key.PID.value, NEEDS_FORK, ({"new": False}, {"new": True}))
    if Key.TREE in uses.keys:
        yield from unresolved_ancestry(state, table, uses)
    if state.maybe_followed & uses.follow:
        masks = (state.followed, state.followed | state.maybe_followed)
        yield Unresolved("follow", NEEDS_HISTORY, [{"followed": mask} for mask in masks])
    container = process.container
    if uses.new_container and container is not None and container.id not in table.containers:
        changes = [{"container": Container(container.id, new)} for new in (False, True)]
        yield Unresolved(Key.CONTAINER.value, NEEDS_CONTAINER, changes)


def is_unresolved(binary: Binary | None, uses: Uses) -> bool:
    """Whether a filter compares more of the executed file than is resolved."""
    if binary is None:
        return True
    return binary.mntns is None and any(
        named.mntns is not None and named.path == binary.path for named in uses.binaries
    )


def possible_binaries(binary: Binary | None, uses: Uses) -> list[Change]:
    """Return the executed files that filters distinguish.

    If the path is resolved, those with that path: one for each namespace that a filter names,
    and one for any other.
    """
    in_order = sorted(uses.binaries, key=repr)
    same_path = [named for named in in_order if binary is None or named.path == binary.path]
    in_namespace = [replace(named, mntns=named.mntns or NO_MNTNS) for named in same_path]
    return [{"binary": possible} for possible in (binary or UNNAMED_BINARY, *in_namespace)]


def unresolved_ancestry(
    state: ProcessState, table: ProcessTable, uses: Uses
) -> Iterator[Unresolved]:
    """Yield the ancestry as unresolved if a process of a ``tree`` filter may be an ancestor.

    It suffices to try none of these processes, and each one alone: if a set of them changes
    whether a scope matches, one of the set does so alone.
    """
    ancestors = [pid for pid in sorted(uses.trees) if table.may_descend(state, pid)]
    if ancestors:
        sets = (state.ancestry, *(state.ancestry | {pid} for pid in ancestors))
        yield Unresolved(
            Key.TREE.value, NEEDS_ANCESTORS, [{"ancestry": ancestry} for ancestry in sets]
        )


def combinations(process: Process, unresolved: Sequence[Unresolved]) -> list[Process]:
    """Return the process with each combination of the values of its unresolved facts."""
    return [
        replace(process, **{name: value for change in changes for name, value in change.items()})
        for changes in product(*(fact.changes for fact in unresolved))
    ]
