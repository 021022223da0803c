# SPDX-License-Identifier: Apache-2.0
"""Properties of the state of processes: no mask of the semantics is a finding."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.model import draws
from tests.traced_events import Traced, of_process
from tracee_ref.errors import UsageError
from tracee_ref.filters.format import format_scopes
from tracee_ref.model import lifecycle
from tracee_ref.model.facts import Event, Process
from tracee_ref.model.lifecycle import (
    Exec,
    Exit,
    Fork,
    LifeEvent,
    Start,
    State,
    event_facts,
    initial_state,
)
from tracee_ref.model.scope import NEW, Binary, Condition, Key, Op, Pattern, Scope
from tracee_ref.oracle.dialects.tracee_0_12 import life
from tracee_ref.oracle.dialects.tracee_0_12.semantics import Tracee012Semantics
from tracee_ref.oracle.reference.semantics import ModelSemantics, Semantics
from tracee_ref.oracle.streams.process_state import PROCESS_EVENTS, Begins
from tracee_ref.oracle.streams.verdicts import Verdicts

NAMES = ("getppid", *PROCESS_EVENTS)
Step = Callable[[State, LifeEvent], State]


@st.composite
def scope_sets(draw: st.DrawFn) -> tuple[Scope, ...]:
    """Scopes with filters on processes, and one that selects all process events."""
    conditions = st.frozensets(draws.process_conditions(), max_size=3)
    names = st.frozensets(st.sampled_from(NAMES), min_size=1)
    count = draw(st.integers(1, 3))
    some = (
        Scope(number, draw(names), draw(conditions), draw(st.booleans()))
        for number in range(1, count + 1)
    )
    return (*some, Scope(64, frozenset(PROCESS_EVENTS)))


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Start], list[LifeEvent]]:
    """Two processes that exist at the start, and changes of them and their children."""
    drawn = [replace(draw(draws.processes), pid=pid, tid=pid) for pid in (1, 2)]
    starts = [Start(replace(drawn[0], tracer=False)), Start(drawn[1], 1)]
    state, events = initial_state(starts), list[LifeEvent]()
    for _ in range(draw(st.integers(1, 8))):
        event = draws.life_events(draw, state)
        if isinstance(event, Exit) and state.facts(event.tid).tracer:
            continue  # the tracer is there to the end of its stream
        if isinstance(event, Exec):  # the file is found in the namespace that the task is in
            path = event.binary.path
            event = event._replace(binary=Binary(path, state.facts(event.tid).mntns))
        events.append(event)
        state = lifecycle.step((), state, event)
    return starts, events


def stream_of(
    semantics: Semantics, step: Step, starts: Sequence[Start], events: Sequence[LifeEvent]
) -> Iterator[Traced]:
    """Yield the events of the changes, each with one event of the task after it."""
    state = initial_state(starts)
    for event in events:
        after = step(state, event)
        process = event_facts(state, event, after)
        last = isinstance(event, Exit) and len(state.threads(process.pid)) == 1
        yield from life_event(semantics, process, event, last)
        if isinstance(event, Fork):
            process = after.facts(event.child_tid)
        if not isinstance(event, Exit):
            yield event_of(semantics, process, "getppid")
        state = after


def life_event(
    semantics: Semantics, process: Process, event: LifeEvent, last: bool
) -> Iterator[Traced]:
    if isinstance(event, Fork):
        yield event_of(semantics, process, PROCESS_EVENTS[0], child_pid=event.child_pid)
    elif isinstance(event, Exec):
        yield event_of(semantics, process, PROCESS_EVENTS[1], pathname=event.binary.path.decode())
    elif isinstance(event, Exit):
        yield event_of(semantics, process, PROCESS_EVENTS[2], process_group_exit=last)


def event_of(semantics: Semantics, process: Process, name: str, **args: object) -> Traced:
    return of_process(process, name, semantics.mask(Event(name, process)), **args)


def allowed(semantics: Semantics, starts: Sequence[Start], stream: Sequence[Traced]) -> list[bool]:
    """Whether each event's mask is allowed; every event where one bit is wrong is found."""
    tracers = frozenset(one.process.pid for one in starts if one.process.tracer)
    verdicts = Verdicts(semantics, Begins.HOST, tracers, complete=True)
    results = []
    for event in stream:
        verdict = verdicts.of(json.loads(json.dumps(event)))
        mask = event["matchedScopes"]
        results.append(verdict.allows(mask))
        for bit in (1, 2, 4, 8, 1 << 63):
            assert verdict.allows(mask ^ bit) == bool(verdict.undecidable & bit and results[-1])
    return results


@settings(max_examples=500)
@given(scope_sets(), stories())
def test_masks_of_model_allowed(
    scopes: tuple[Scope, ...], story: tuple[list[Start], list[LifeEvent]]
) -> None:
    semantics = ModelSemantics(scopes)
    stream = [*stream_of(semantics, lambda s, e: lifecycle.step(scopes, s, e), *story)]
    assert all(allowed(semantics, story[0], stream))


@settings(max_examples=500)
@given(scope_sets(), stories())
def test_masks_of_dialect_allowed(
    scopes: tuple[Scope, ...], story: tuple[list[Start], list[LifeEvent]]
) -> None:
    try:
        semantics = Tracee012Semantics(format_scopes(scopes))
    except (ValueError, UsageError):  # no flag can say it, or none that v0.12.0 takes
        assume(False)
    stream = [*stream_of(semantics, lambda s, e: life.step(semantics.pipeline, s, e), *story)]
    assert all(allowed(semantics, story[0], stream))


def test_process_in_stream_decided() -> None:
    """All facts of a process that was forked in the stream are resolved."""
    scopes = [
        Scope(number + 1, frozenset({"getppid"}), frozenset({condition}), follow=number == 0)
        for number, condition in enumerate(CONDITIONS)
    ]
    semantics = ModelSemantics(scopes)
    events: list[LifeEvent] = [Fork(1, 5, 5), Exec(5, Binary(b"/a", 3), b"a"), Fork(5, 6, 6)]
    start = [Start(Process(pid=1, tid=1, mntns=3))]
    stream = [*stream_of(semantics, lambda s, e: lifecycle.step(scopes, s, e), start, events)]
    verdicts = Verdicts(semantics, Begins.HOST, complete=True)
    assert [tuple(verdicts.of(event))[:2] for event in stream][-1] == (0b1111, 0)
    assert stream[-1]["matchedScopes"] == 0b1111


CONDITIONS = (
    Condition(Key.COMM, Op.EQ, Pattern(b"a")),
    Condition(Key.BINARY, Op.EQ, Binary(b"/a", 3)),
    Condition(Key.PID, Op.EQ, NEW),
    Condition(Key.TREE, Op.EQ, 5),
)


@pytest.mark.parametrize("begins", Begins)
def test_older_process_undecided(begins: Begins) -> None:
    event = of_process(Process(pid=9, comm=b"a"), "getppid", 1)
    scopes = (
        Scope(number + 1, frozenset({"getppid"}), frozenset({condition}))
        for number, condition in enumerate(CONDITIONS)
    )
    verdict = Verdicts(ModelSemantics([*scopes]), begins, complete=True).of(event)
    assert verdict.undecidable & 0b1011 == 0b1010
    assert bool(verdict.undecidable & 0b100) is (begins is Begins.ANYWHERE)
    assert bool(verdict.certain & 0b100) is (begins is Begins.COMMAND)
