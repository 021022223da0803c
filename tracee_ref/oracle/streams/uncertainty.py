"""What is known about one event: everything that it may be, as the judge takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Final, NamedTuple

from model.facts import Event, Process, Shown
from model.filters import FieldKey, Key

from .events_json import Traced
from .json_fields import Read, form_of
from .json_process import REPLACED, process_of
from .judging import Judge, union
from .known_events import known_events
from .possible import Open, open_facts, possibilities
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


def settle(judge: Judge, traced: Traced, fields: Fields, person: Person) -> Settled:
    """Put together what is known of the process and of the fields."""
    name = traced["eventName"]
    vague = person.vague & judge.uses.events.get(name, 0)
    needs = {one.key: one.needs for one in person.opens}
    needs |= {key.value: NOT_UTF8.format(text) for key, text in replaced(traced, person.vague)}
    if name not in known_events():
        vague, needs["event"] = -1, NO_EVENT.format(name)
    for key, blind, need in unclear(judge, name, fields):
        may = reduce(or_, map(judge.process_mask, person.processes))
        vague |= blind & may & judge.uses.events.get(name, 0)
        needs[".".join(key)] = need
    known = {key: read.shown for key, read in fields.items() if read.shown is not None}
    return Settled(events_of(name, person.processes, known), vague, needs)


def events_of(
    name: str, processes: Sequence[Process], fields: Mapping[FieldKey, Shown]
) -> list[Event]:
    """Return the event with each of the processes."""
    return [Event(name, process, fields) for process in processes]


def unclear(judge: Judge, name: str, fields: Fields) -> Iterator[tuple[FieldKey, int, str]]:
    """Give the fields that are not enough for some scopes, and what would be."""
    for key, read in fields.items():
        if read.shown is None:
            continue
        if not read.whole:
            yield key, judge.uses.fields[name][key], NOT_UTF8.format(key[1])
        elif not read.raw:
            form = form_of(name, key[1])
            blind = judge.blind(name, key, read.shown.printed, form.printer if form else None)
            if blind:
                yield key, blind, NEEDS_RAW.format(key[1])


def person_of(
    judge: Judge, traced: Traced, life: Life, lives: Lives, tracers: frozenset[int]
) -> Person:
    """Return what is known of the process of an event."""
    process = replace(
        process_of(traced, tracers), binary=life.binary, new=bool(life.new),
        ancestry=life.ancestry, followed=life.followed,
    )  # fmt: skip
    container = process.container
    if container is not None and lives.containers.get(container.id):
        process = replace(process, container=replace(container, new=True))
    opens = [*open_facts(process, life, lives, judge.uses)]
    vague = union(judge.uses.keys.get(key, 0) for key, _ in replaced(traced, -1))
    return Person(possibilities(process, opens), vague, opens)


def replaced(traced: Traced, asking: int) -> Iterator[tuple[Key, str]]:
    """Give the names that have lost bytes, if any scope asks."""
    for key, name in NAMES.items():
        if asking and REPLACED in traced[name]:
            yield key, name
