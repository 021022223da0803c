# SPDX-License-Identifier: Apache-2.0
"""Examples of process state (rules 9 to 14 and 17): events, and a task's facts."""

from collections.abc import Sequence

import pytest

from tests.model.filter_text import process, scope
from tracee_ref.model.facts import Container, Process
from tracee_ref.model.lifecycle import (
    Exec,
    Exit,
    Fork,
    LifeEvent,
    SetComm,
    SetContainer,
    SetNamespaces,
    SetUid,
    Start,
    State,
    event_facts,
    initial_state,
    step,
)
from tracee_ref.model.scope import Binary, Scope

LS = Binary(b"/bin/ls", 3)
X = Binary(b"/x", 1)
SH = "comm:sh uid:5 uts:host mntns:3 pidns:4 binary:3:/bin/sh"
SHELL = process(f"pid:10 {SH} ancestry:10,1")
BEGINNING = (
    Start(SHELL, 1),
    Start(process("pid:1 comm:init ancestry:1")),
    Start(process("pid:10 tid:11 comm:worker ancestry:10,1"), 1),
    Start(process("pid:99 tracer:1 ancestry:99,10,1"), 10),
)
FOLLOW_UID = scope("uid=5", 3, follow=True)
FOLLOW_LS = scope("binary=/bin/ls", 1, follow=True)


def lived(events: Sequence[LifeEvent], scopes: Sequence[Scope] = ()) -> State:
    state = initial_state(BEGINNING)
    for event in events:
        state = step(scopes, state, event)
    return state


def child(facts: str = "") -> Process:
    return process(f"pid:20 {SH} new:1 ancestry:20,10,1 {facts}")


FACTS: list[tuple[str, list[LifeEvent], int, Process]] = [
    ("start", [], 10, SHELL),
    ("9: an old process is not new", [], 1, process("pid:1 comm:init ancestry:1")),
    ("a fork changes nothing for the parent", [Fork(10, 20, 20)], 10, SHELL),
    ("9, 12: a forked child", [Fork(10, 20, 20)], 20, child()),
    ("9: the command of a run", [Fork(99, 20, 20), Exec(20, LS, b"ls")], 20,
     process("pid:20 comm:ls binary:3:/bin/ls new:1 ancestry:20,99,10,1")),
    ("9: a thread of an old process", [Fork(10, 10, 12)], 12,
     process(f"pid:10 tid:12 {SH} ancestry:10,1")),
    ("9: a thread of a new process", [Fork(10, 20, 20), Fork(20, 20, 21)], 21, child("tid:21")),
    ("12: the parent's end changes nothing", [Fork(10, 20, 20), Exit(10), Exit(11)], 20, child()),
    ("12: a grandchild", [Fork(10, 20, 20), Fork(20, 30, 30), Exit(20)], 30,
     process(f"pid:30 {SH} new:1 ancestry:30,20,10,1")),
    ("12: a child of a thread", [Fork(11, 20, 20)], 20,
     process("pid:20 comm:worker new:1 ancestry:20,10,1")),
    ("12: an id used again", [Fork(10, 20, 20), Exit(20), Fork(1, 20, 20)], 20,
     process("pid:20 comm:init new:1 ancestry:20,1")),
    ("17: exec", [Fork(10, 20, 20), Exec(20, LS, b"ls")], 20,
     process(f"pid:20 {SH} comm:ls binary:3:/bin/ls new:1 ancestry:20,10,1")),
    ("17: exec by a thread", [SetUid(11, 7), Exec(11, LS, b"ls")], 10,
     process("pid:10 comm:ls uid:7 binary:3:/bin/ls ancestry:10,1")),
    ("17: exec by a thread after the leader's end", [Exit(10), Exec(11, LS, b"ls")], 10,
     process("pid:10 comm:ls binary:3:/bin/ls ancestry:10,1")),
    ("17: uid is of a thread", [SetUid(10, 6)], 11,
     process("pid:10 tid:11 comm:worker ancestry:10,1")),
    ("17: uid", [SetUid(1, 6)], 1, process("pid:1 comm:init uid:6 ancestry:1")),
    ("17: comm", [SetComm(1, b"x")], 1, process("pid:1 comm:x ancestry:1")),
    ("17: comm of a thread", [SetComm(11, b"x")], 10, SHELL),
    ("17: namespaces", [SetNamespaces(1, b"n", 7, 8)], 1,
     process("pid:1 comm:init uts:n mntns:7 pidns:8 ancestry:1")),
    ("17: one namespace", [SetNamespaces(10, mntns=7)], 10,
     process(f"pid:10 {SH} mntns:7 ancestry:10,1")),
    ("17: namespaces are of a thread", [SetNamespaces(10, b"n", 7, 8)], 11,
     process("pid:10 tid:11 comm:worker ancestry:10,1")),
    ("17: no namespace", [SetNamespaces(10)], 10, SHELL),
    ("11: a container takes all threads", [SetContainer(10, Container("c"))], 11,
     process("pid:10 tid:11 comm:worker container:c ancestry:10,1")),
    ("11: and no other process", [SetContainer(10, Container("c"))], 1,
     process("pid:1 comm:init ancestry:1")),
    ("11: children are in it", [SetContainer(10, Container("c", True)), Fork(10, 20, 20)], 20,
     child("container:c,new")),
    ("11: an old process in a new container", [SetContainer(1, Container("c", True))], 1,
     process("pid:1 comm:init container:c,new ancestry:1")),
    ("11: and out again", [SetContainer(10, Container("c")), SetContainer(11, None)], 10, SHELL),
    ("14: our child is not we", [Fork(99, 20, 20)], 20,
     process("pid:20 new:1 ancestry:20,99,10,1")),
    ("14: our thread is we", [Fork(99, 99, 20)], 20,
     process("pid:99 tid:20 tracer:1 ancestry:99,10,1")),
]  # fmt: skip


@pytest.mark.parametrize(("what", "events", "tid", "facts"), FACTS, ids=[row[0] for row in FACTS])
def test_step_facts(what: str, events: list[LifeEvent], tid: int, facts: Process) -> None:
    assert lived(events).facts(tid) == facts, what


FOLLOWED: list[tuple[str, list[LifeEvent], int, int]] = [
    # rule 13, with scope 3 (uid=5 follow), scope 1 (binary=/bin/ls follow), scope 2 (uid=5)
    ("not at the start", [], 10, 0),
    ("a fork of a parent that meets the filters", [Fork(10, 20, 20)], 20, 0b100),
    ("which does not follow the parent", [Fork(10, 20, 20)], 10, 0),
    ("nor by a new thread", [Fork(10, 10, 12)], 12, 0),
    ("a parent that does not", [Fork(1, 20, 20)], 20, 0),
    ("the child's own change does not count", [Fork(1, 20, 20), SetUid(20, 5)], 20, 0),
    ("the parent's facts are those of that moment", [SetUid(10, 6), Fork(10, 20, 20)], 20, 0),
    ("and of the thread that forks", [Fork(11, 20, 20)], 20, 0),
    ("to whom the uid is its own", [SetUid(11, 5), SetUid(10, 6), Fork(11, 20, 20)], 20, 0b100),
    ("exec", [Exec(10, LS, b"ls")], 10, 0b101),
    ("matched after it", [SetUid(10, 6), Exec(10, LS, b"ls")], 10, 0b001),
    ("exec by a thread", [Exec(11, LS, b"ls")], 10, 0b001),
    ("exec without a match", [Exec(1, X, b"x")], 1, 0),
    ("sticky over uid", [Exec(10, LS, b"ls"), SetUid(10, 6)], 10, 0b101),
    ("sticky over exec", [Exec(1, LS, b"ls"), Exec(1, X, b"x")], 1, 0b001),
    ("inherited", [Exec(1, LS, b"ls"), Exec(1, X, b"x"), Fork(1, 20, 20)], 20, 0b001),
    ("by grandchildren", [Fork(10, 20, 20), SetUid(20, 6), Fork(20, 30, 30)], 30, 0b100),
    ("by new threads too", [Exec(1, LS, b"ls"), Fork(1, 1, 2)], 2, 0b001),
    ("the end ends it", [Fork(10, 20, 20), Exit(20), Fork(1, 20, 20)], 20, 0),
    ("14: our child is followed by its own right only", [SetUid(99, 5), Fork(99, 20, 20)], 20, 0),
    ("14: by its exec", [SetUid(99, 5), Fork(99, 20, 20), Exec(20, LS, b"ls")], 20, 0b101),
    ("14: by its own fork", [SetUid(99, 5), Fork(99, 20, 20), Fork(20, 30, 30)], 30, 0b100),
    ("14: nor are we by an exec", [SetUid(99, 5), Exec(99, LS, b"ls")], 99, 0),
    ("14: or by an exec of the tracer", [Exec(99, LS, b"ls"), Fork(99, 20, 20)], 20, 0),
]  # fmt: skip


@pytest.mark.parametrize(("what", "events", "tid", "mask"), FOLLOWED, ids=[r[0] for r in FOLLOWED])
def test_step_followed(what: str, events: list[LifeEvent], tid: int, mask: int) -> None:
    scopes = (FOLLOW_LS, scope("uid=5", 2), FOLLOW_UID)
    assert lived(events, scopes).facts(tid).followed == mask, what


CARRIED: list[tuple[LifeEvent, str]] = [
    # rule 17: the event itself has these facts
    (Fork(10, 20, 20), f"pid:10 {SH} ancestry:10,1"),
    (Exec(11, LS, b"ls"), "pid:10 comm:ls binary:3:/bin/ls ancestry:10,1"),
    (Exit(11), "pid:10 tid:11 comm:worker ancestry:10,1"),
    (SetUid(1, 6), "pid:1 comm:init uid:6 ancestry:1"),
]


@pytest.mark.parametrize(("event", "facts"), CARRIED)
def test_event_facts(event: LifeEvent, facts: str) -> None:
    before = initial_state(BEGINNING)
    assert event_facts(before, event, step((), before, event)) == process(facts)


ENDS: list[tuple[list[LifeEvent], set[int]]] = [
    ([], {1, 10, 11, 99}),
    ([Exit(11)], {1, 10, 99}),
    ([Exit(10)], {1, 11, 99}),
    ([Exec(11, LS, b"ls")], {1, 10, 99}),
    ([Exec(10, LS, b"ls")], {1, 10, 99}),
]


@pytest.mark.parametrize(("events", "alive"), ENDS)
def test_step_tasks(events: list[LifeEvent], alive: set[int]) -> None:
    assert set(lived(events).tasks) == alive


IMPOSSIBLE: list[tuple[LifeEvent, str]] = [
    (Exit(5), "task 5: not alive"),
    (Fork(5, 20, 20), "task 5: not alive"),
    (Fork(10, 1, 1), "task 1: alive already"),
    (Fork(10, 10, 11), "task 11: alive already"),
    (Fork(10, 20, 21), "task 21: the first task of 20 has its id"),
]


@pytest.mark.parametrize(("event", "error"), IMPOSSIBLE)
def test_step_refuses_impossible_event(event: LifeEvent, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        step((), initial_state(BEGINNING), event)


def test_initial_state_incomplete_ancestry() -> None:
    """Rule 12: a parent that exited, and reused ids that form a cycle."""
    orphan = initial_state([Start(process("pid:5"), 4)])
    assert orphan.facts(5).ancestry == {4, 5}
    circle = initial_state([Start(process("pid:5"), 4), Start(process("pid:4"), 5)])
    assert circle.facts(5).ancestry == {4, 5}


def test_initial_state_not_new_or_followed() -> None:
    """Rules 9 and 13: whatever the caller passes."""
    assert initial_state([Start(process("pid:5 new:1 followed:3"))]).facts(5) == process(
        "pid:5 ancestry:5"
    )
