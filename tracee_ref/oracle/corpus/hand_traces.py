# SPDX-License-Identifier: Apache-2.0
"""Vectors of the hand-written ``trace.txt``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ...events.catalogue import EventDefinition
from ..protocol.encoding import Data, bytes_data, mask_data
from ..protocol.facts import binary_data, container_data, process_data
from ..protocol.scopes import scopes_data
from ..protocol.vector import Vector
from ..reference.replay import TASK_EVENTS, read_change
from .features import features_of
from .notation import (
    bits,
    commented,
    complete,
    field_data,
    make_process,
    read_binary,
    read_container,
    read_facts,
    read_flags,
    text_bytes,
    text_lines,
    words,
)

DEFAULT: Final = "openat,sched_process_fork,sched_process_exec,sched_process_exit"
SHELL: Final = "pid=10 comm=sh uid=5 uts=web mntns=3 pidns=4 binary=3:/bin/sh"
BEFORE: Final = (
    ("pid=1 tid=1 comm=init", 0),
    (f"{SHELL} tid=10", 1),
    ("pid=10 tid=11 comm=worker", 1),
    ("pid=99 tid=99 comm=tracer tracer", 10),
    ("pid=50 tid=50 comm=far", 40),
)
"""Tasks before tracing starts, with their parents; that of the last is unknown."""


def before_data() -> list[Data]:
    """Return the JSON data of the tasks that exist when tracing starts."""
    return [
        {"process": process_data(make_process(facts.split())), "ppid": ppid}
        for facts, ppid in BEFORE
    ]


def traces(catalogue: Mapping[str, EventDefinition]) -> Iterator[Vector]:
    """Yield the hand-written trace vectors."""
    numbers: Counter[int] = Counter()
    for head, steps in _paragraphs():
        text, why = commented(head[1:])
        number, *given = words(text)
        flags, rule = complete(given, DEFAULT, catalogue), int(number)
        numbers[rule] += 1
        name = f"trace-{rule:02}-{numbers[rule]:03}"
        scopes = scopes_data(read_flags(flags, catalogue))
        question: dict[str, Data] = {"flags": [bytes_data(text_bytes(flag)) for flag in flags]}
        question |= {"scopes": scopes, "before": before_data()}
        question["journal"], events = journal_of(steps)
        expect: dict[str, Data] = {"events": events}
        features = features_of(question, expect)
        yield Vector(name, "trace", rule, features, question, expect, why=why)


def _paragraphs() -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in text_lines("trace.txt"):
        if line.startswith("@"):
            found.append((line, []))
        else:
            found[-1][1].append(line)
    return found


def journal_of(lines: list[str]) -> tuple[list[Data], list[Data]]:
    """Return the steps of a journal and the expected events."""
    journal: list[Data] = []
    events: list[Data] = []
    for line in lines:
        text, _, masks = commented(line)[0].partition("->")
        kind, *rest = words(text)
        if kind == "derived":
            derived = {"name": rest[0], "fields": [field_data(word) for word in rest[1:]]}
            journal[-1].setdefault("derived", []).append(derived)
            events += _expected(len(journal) - 1, masks, rest[0])
        else:
            journal.append(STEPS[kind](rest) | {"do": DO.get(kind, kind), "tid": int(rest[0])})
            events += _expected(len(journal) - 1, masks, _event_name(journal[-1]))
    return journal, events


def _event_name(step: Data) -> str:
    if step["do"] in ("event", "enter", "return"):
        name: str = step["name"] if step["do"] == "event" else step["call"]
        return name
    return TASK_EVENTS.get(type(read_change(step)), "")


def _expected(number: int, masks: str, name: str) -> Iterator[Data]:
    """Yield the events of ``-> CALL:SCOPE SCOPE...``, that of the syscall first."""
    for call, _, scope in (word.partition(":") for word in masks.split() if ":" in word):
        yield {"step": number, "event": call} | mask_data(bits(scope))
    own = " ".join(word for word in masks.split() if ":" not in word)
    if bits(own):
        yield {"step": number, "event": name} | mask_data(bits(own))


def _fork(rest: list[str]) -> Data:
    return {"child_pid": int(rest[1]), "child_tid": int(rest[-1])}


def _exec(rest: list[str]) -> Data:
    return {"binary": binary_data(read_binary(rest[1])), "comm": bytes_data(text_bytes(rest[2]))}


def _namespaces(rest: list[str]) -> Data:
    facts = read_facts(rest[1:])
    return {
        name: bytes_data(value) if name == "uts" else str(value) for name, value in facts.items()
    }


def _named_step(name: str) -> Callable[[list[str]], Data]:
    def step(rest: list[str]) -> Data:
        fields = [field_data(word) for word in rest[2:]]
        return {name: rest[1]} | ({"fields": fields} if fields else {})

    return step


DO: Final = {
    "uid": "set_uid",
    "comm": "set_comm",
    "ns": "set_namespaces",
    "container": "set_container",
}
STEPS: Final[Mapping[str, Callable[[list[str]], Data]]] = {
    "fork": _fork,
    "exec": _exec,
    "exit": lambda _rest: {},
    "uid": lambda rest: {"uid": int(rest[1])},
    "comm": lambda rest: {"comm": bytes_data(text_bytes(rest[1]))},
    "ns": _namespaces,
    "container": lambda rest: {"container": container_data(read_container(rest[1]))},
    "enter": _named_step("call"),
    "return": _named_step("call"),
    "event": _named_step("name"),
}
"""Kind of a step -> parser of its words after kind and task."""
