# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for scopes, events, and sequences of process events.

Values come from small pools, so that filters often match: with values from all of their range no
filter would ever hold, and a property of masks would be one of zero.
"""

from __future__ import annotations

from hypothesis import strategies as st

from tracee_ref.model.facts import Container, Event, FieldValue, Process
from tracee_ref.model.lifecycle import (
    Exec,
    Exit,
    Fork,
    LifeEvent,
    SetComm,
    SetContainer,
    SetNamespaces,
    SetUid,
    State,
)
from tracee_ref.model.scope import (
    NEW,
    Binary,
    Condition,
    ContainerId,
    EventField,
    Key,
    Op,
    Part,
    Pattern,
    Scope,
    Value,
)

EVENTS = ("alpha", "beta")
FIELDS = tuple(
    EventField(event, part, name)
    for event in EVENTS
    for part, name in ((Part.ARGS, "flags"), (Part.RETVAL, ""))
)

LIFE_EVENTS = (Fork, Fork, Exec, Exit, SetUid, SetComm, SetNamespaces, SetContainer)

numbers = st.sampled_from([0, 1, 2, 3, 2**32 - 1])
strings = st.sampled_from([b"a", b"b", b"ab", b"ba", b"aba"])
words = st.just(b"") | strings
patterns = st.builds(Pattern, strings, st.booleans(), st.booleans())
paths = st.sampled_from([b"/a", b"/b"])
containers = st.builds(Container, st.sampled_from(["a", "ab", "b"]), st.booleans())
binaries = st.builds(Binary, paths, st.integers(1, 2))

VALUES: dict[Key, st.SearchStrategy[Value]] = {
    Key.COMM: patterns,
    Key.UTS: patterns,
    Key.UID: numbers,
    Key.PID: numbers | st.just(NEW),
    Key.MNTNS: numbers,
    Key.PIDNS: numbers,
    Key.BINARY: st.builds(Binary, paths, st.none() | st.integers(1, 2)),
    Key.CONTAINER: st.just(NEW) | st.sampled_from(["a", "b"]).map(ContainerId),
    Key.IN_CONTAINER: st.just(True),
    Key.TREE: numbers,
}

processes = st.builds(
    Process,
    pid=numbers,
    tid=numbers,
    uid=numbers,
    comm=words,
    uts=words,
    mntns=numbers,
    pidns=numbers,
    binary=st.none() | binaries,
    container=st.none() | containers,
    new=st.booleans(),
    ancestry=st.frozensets(numbers, max_size=3),
    followed=st.sampled_from([0, 0, 1, 0b110, 2**64 - 1]),
    tracer=st.sampled_from([False, False, False, True]),
)

field_values = st.builds(FieldValue, st.integers(-2, 2) | words, words)
events = st.builds(
    Event,
    st.sampled_from(EVENTS),
    processes,
    st.dictionaries(st.sampled_from([("args", "flags"), ("retval", "")]), field_values),
)


@st.composite
def process_conditions(draw: st.DrawFn, op: Op | None = None) -> Condition:
    key = draw(st.sampled_from(list(Key)))
    value = draw(VALUES[key])
    ordered = key in (Key.UID, Key.PID) and isinstance(value, int)
    ops = list(Op) if ordered else [Op.EQ, Op.EQ, Op.NE]
    return Condition(key, op or draw(st.sampled_from(ops)), value)


@st.composite
def field_conditions(draw: st.DrawFn) -> Condition:
    key, value = draw(st.sampled_from(FIELDS)), draw(st.integers(-2, 2) | patterns)
    ops = list(Op) if isinstance(value, int) else [Op.EQ, Op.NE]
    return Condition(key, draw(st.sampled_from(ops)), value)


conditions = process_conditions() | process_conditions() | field_conditions()


@st.composite
def scopes(draw: st.DrawFn, number: int | None = None) -> Scope:
    return Scope(
        number or draw(st.integers(1, 64)),
        draw(st.frozensets(st.sampled_from(EVENTS), min_size=1)),
        draw(st.frozensets(conditions, max_size=4)),
        draw(st.booleans()),
    )


@st.composite
def scope_sets(draw: st.DrawFn) -> tuple[Scope, ...]:
    scope_numbers = draw(st.lists(st.integers(1, 64), min_size=1, max_size=5, unique=True))
    return tuple(draw(scopes(number)) for number in scope_numbers)


def life_events(draw: st.DrawFn, state: State) -> LifeEvent:
    """Draw an event that can happen in a state; task 1 never ends."""
    tid = draw(st.sampled_from(sorted(state.tasks)))
    unused_id = max(max(task.pid, task.tid) for task in state.tasks.values()) + 1
    kind = draw(st.sampled_from(LIFE_EVENTS))
    if kind is Fork:
        return Fork(
            tid, draw(st.sampled_from([unused_id, unused_id, state.facts(tid).pid])), unused_id
        )
    if kind is Exec:
        return Exec(tid, draw(binaries), draw(words))
    if kind is Exit and state.facts(tid).pid != 1:
        return Exit(tid)
    if kind is SetUid:
        return SetUid(tid, draw(numbers))
    if kind is SetComm:
        return SetComm(tid, draw(words))
    if kind is SetNamespaces:
        return SetNamespaces(tid, draw(st.none() | words), draw(st.none() | numbers))
    return SetContainer(tid, draw(st.none() | containers))
