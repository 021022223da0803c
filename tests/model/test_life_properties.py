# SPDX-License-Identifier: Apache-2.0
"""Properties of process state, for every sequence of events.

docs/design/properties.md lists them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.draws import life_events, processes, scope_sets
from tracee_ref.model.facts import Process
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
    initial_state,
    step,
)
from tracee_ref.model.match import process_filters_hold
from tracee_ref.model.scope import Scope

SHARED = ("pid", "binary", "container", "new", "ancestry", "followed", "tracer")


@dataclass(frozen=True)
class Moment:
    """An event, and the states on both sides of it."""

    scopes: tuple[Scope, ...]
    before: State
    event: LifeEvent
    after: State


@st.composite
def histories(draw: st.DrawFn) -> list[Moment]:
    """A life that begins with process 1, and 7, which is perhaps the tracer."""
    scopes = draw(scope_sets())
    first = replace(draw(processes), pid=1, tid=1, tracer=False)
    state = initial_state([Start(first), Start(Process(7, 7, tracer=draw(st.booleans())), 1)])
    moments = []
    for _ in range(draw(st.integers(1, 12))):
        event = life_events(draw, state)
        after = step(scopes, state, event)
        moments.append(Moment(scopes, state, event, after))
        state = after
    return moments


def survivors(moment: Moment) -> list[tuple[Process, Process]]:
    """Facts before and after of the tasks of processes that live on."""
    first = {task.pid: task for task in moment.before.tasks.values()}
    return [(first[t.pid], t) for t in moment.after.tasks.values() if t.pid in first]


@given(histories())
def test_followed_until_exit(life: list[Moment]) -> None:
    """A process is followed until it exits."""
    for moment in life:
        for old, new in survivors(moment):
            assert old.followed & ~new.followed == 0


@given(histories())
def test_followed_from_exec_or_fork_only(life: list[Moment]) -> None:
    """A process becomes followed at an exec, or by fork, only."""
    for moment in life:
        for old, new in survivors(moment):
            execed = isinstance(moment.event, Exec) and moment.after.facts(new.tid) is new
            assert old.followed == new.followed or execed


@given(histories())
def test_followed_by_follow_scopes_only(life: list[Moment]) -> None:
    """Only scopes with `follow` follow processes."""
    following = sum(scope.bit for scope in life[0].scopes if scope.follow)
    for moment in life:
        assert all(t.followed & ~following == 0 for t in moment.after.tasks.values())


@given(histories())
def test_followed_child_iff_parent_or_filters(life: list[Moment]) -> None:
    """A child is followed iff its parent is or matches the filters."""
    for moment in life:
        if isinstance(moment.event, Fork) and moment.event.child_pid == moment.event.child_tid:
            parent = moment.before.facts(moment.event.tid)
            child = moment.after.facts(moment.event.child_tid)
            for scope in moment.scopes:
                matched = scope.follow and not parent.tracer and process_filters_hold(scope, parent)
                assert bool(child.followed & scope.bit) == (
                    bool(parent.followed & scope.bit) or matched
                )


@given(histories())
def test_ancestry_changes_at_fork_only(life: list[Moment]) -> None:
    """Descent never changes and grows by one at a fork."""
    for moment in life:
        assert all(old.ancestry == new.ancestry for old, new in survivors(moment))
        if isinstance(moment.event, Fork):
            parent = moment.before.facts(moment.event.tid)
            child = moment.after.facts(moment.event.child_tid)
            assert child.ancestry == parent.ancestry | {child.pid}


@given(histories())
def test_ancestry_includes_itself(life: list[Moment]) -> None:
    """Every process descends from itself."""
    assert all(t.pid in t.ancestry and 1 in t.ancestry for t in life[-1].after.tasks.values())


@given(histories())
def test_new_iff_not_in_initial_state(life: list[Moment]) -> None:
    """A new one may have the id of one that was."""
    assert not any(task.new for task in life[0].before.tasks.values())
    old = {1, 7}
    for moment in life:
        old &= {task.pid for task in moment.after.tasks.values()}
        assert all(task.new is (task.pid not in old) for task in moment.after.tasks.values())


@given(histories())
def test_threads_share_process_facts(life: list[Moment]) -> None:
    """Threads share the facts of their process."""
    for task in life[-1].after.tasks.values():
        for other in life[-1].after.threads(task.pid).values():
            assert [getattr(task, n) for n in SHARED] == [getattr(other, n) for n in SHARED]


@given(histories())
def test_exec_leaves_one_task(life: list[Moment]) -> None:
    """An exec leaves one task with the process id."""
    for moment in life:
        if isinstance(moment.event, Exec):
            pid = moment.before.facts(moment.event.tid).pid
            assert set(moment.after.threads(pid)) == {pid}
            assert moment.after.facts(pid).binary == moment.event.binary


@given(histories())
def test_step_changes_one_process(life: list[Moment]) -> None:
    """An event changes no other process."""
    for moment in life:
        pid = moment.before.facts(moment.event.tid).pid
        for tid, task in moment.before.tasks.items():
            assert task.pid == pid or moment.after.facts(tid) is task


@given(histories())
def test_tasks_start_and_end(life: list[Moment]) -> None:
    """Only a fork adds tasks, and only an exit and an exec remove them."""
    for moment in life:
        before, after = set(moment.before.tasks), set(moment.after.tasks)
        if isinstance(moment.event, Fork):
            assert after == before | {moment.event.child_tid}
        elif isinstance(moment.event, Exit):
            assert after == before - {moment.event.tid}
        elif not isinstance(moment.event, Exec):
            assert after == before


@given(histories())
def test_set_changes_the_task(life: list[Moment]) -> None:
    """A fact that a task sets is changed in its state."""
    for moment in life:
        if isinstance(moment.event, SetUid | SetComm | SetNamespaces | SetContainer):
            facts, event = moment.after.facts(moment.event.tid), moment.event
            names = (name for name in event._fields if name != "tid")
            changes = {name: getattr(event, name) for name in names}
            if not isinstance(event, SetContainer):
                changes = {name: value for name, value in changes.items() if value is not None}
            assert facts == replace(moment.before.facts(event.tid), **changes)


@given(histories())
def test_step_is_pure(life: list[Moment]) -> None:
    """States are not modified."""
    state = life[0].before
    for moment in life:
        assert moment.before.tasks == state.tasks
        state = step(moment.scopes, moment.before, moment.event)
        assert state == moment.after


@given(st.permutations([Start(Process(pid, pid), ppid) for pid, ppid in ((1, 0), (4, 9), (9, 1))]))
def test_initial_state_ignores_order(starts: list[Start]) -> None:
    """The order of tasks in /proc does not matter."""
    state = initial_state(starts)
    assert [state.facts(pid).ancestry for pid in (1, 4, 9)] == [{1}, {1, 4, 9}, {1, 9}]


def test_step_refuses_unknown_task() -> None:
    """An event of an unknown task is an error."""
    with pytest.raises(ValueError, match="task 5: not alive"):
        State().facts(5)
