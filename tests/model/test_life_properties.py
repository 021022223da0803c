# SPDX-License-Identifier: Apache-2.0
"""Laws of process life, for every sequence of events; docs/design/properties.md lists them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.facts import Process
from model.lifecycle import (
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
from model.match import process_holds
from model.scope import Scope
from tests.model.draws import life_events, processes, scope_sets

SHARED = ("pid", "binary", "container", "new", "ancestry", "followed", "tracer")


@dataclass(frozen=True)
class Moment:
    """An event, and the states on both sides of it."""

    scopes: tuple[Scope, ...]
    before: State
    event: LifeEvent
    after: State


@st.composite
def lives(draw: st.DrawFn) -> list[Moment]:
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


@given(lives())
def test_being_followed_is_for_life(life: list[Moment]) -> None:
    for moment in life:
        for old, new in survivors(moment):
            assert old.followed & ~new.followed == 0


@given(lives())
def test_only_an_exec_and_a_fork_make_followed(life: list[Moment]) -> None:
    for moment in life:
        for old, new in survivors(moment):
            execed = isinstance(moment.event, Exec) and moment.after.facts(new.tid) is new
            assert old.followed == new.followed or execed


@given(lives())
def test_only_scopes_that_follow_have_followers(life: list[Moment]) -> None:
    following = sum(scope.bit for scope in life[0].scopes if scope.follow)
    for moment in life:
        assert all(t.followed & ~following == 0 for t in moment.after.tasks.values())


@given(lives())
def test_a_child_is_followed_iff_its_parent_is_or_meets_the_filters(life: list[Moment]) -> None:
    for moment in life:
        if isinstance(moment.event, Fork) and moment.event.child_pid == moment.event.child_tid:
            parent = moment.before.facts(moment.event.tid)
            child = moment.after.facts(moment.event.child_tid)
            for scope in moment.scopes:
                met = scope.follow and not parent.tracer and process_holds(scope, parent)
                assert bool(child.followed & scope.bit) == (
                    bool(parent.followed & scope.bit) or met
                )


@given(lives())
def test_descent_never_changes_and_grows_by_one_at_a_fork(life: list[Moment]) -> None:
    for moment in life:
        assert all(old.ancestry == new.ancestry for old, new in survivors(moment))
        if isinstance(moment.event, Fork):
            parent = moment.before.facts(moment.event.tid)
            child = moment.after.facts(moment.event.child_tid)
            assert child.ancestry == parent.ancestry | {child.pid}


@given(lives())
def test_every_process_descends_from_itself(life: list[Moment]) -> None:
    assert all(t.pid in t.ancestry and 1 in t.ancestry for t in life[-1].after.tasks.values())


@given(lives())
def test_new_are_those_that_were_not_there_at_the_beginning(life: list[Moment]) -> None:
    """A new one may have the id of one that was."""
    assert not any(task.new for task in life[0].before.tasks.values())
    old = {1, 7}
    for moment in life:
        old &= {task.pid for task in moment.after.tasks.values()}
        assert all(task.new is (task.pid not in old) for task in moment.after.tasks.values())


@given(lives())
def test_threads_share_the_facts_of_their_process(life: list[Moment]) -> None:
    for task in life[-1].after.tasks.values():
        for other in life[-1].after.threads(task.pid).values():
            assert [getattr(task, n) for n in SHARED] == [getattr(other, n) for n in SHARED]


@given(lives())
def test_an_exec_leaves_one_task_with_the_process_id(life: list[Moment]) -> None:
    for moment in life:
        if isinstance(moment.event, Exec):
            pid = moment.before.facts(moment.event.tid).pid
            assert set(moment.after.threads(pid)) == {pid}
            assert moment.after.facts(pid).binary == moment.event.binary


@given(lives())
def test_an_event_touches_no_other_process(life: list[Moment]) -> None:
    for moment in life:
        pid = moment.before.facts(moment.event.tid).pid
        for tid, task in moment.before.tasks.items():
            assert task.pid == pid or moment.after.facts(tid) is task


@given(lives())
def test_only_forks_begin_tasks_and_only_ends_and_execs_end_them(life: list[Moment]) -> None:
    for moment in life:
        before, after = set(moment.before.tasks), set(moment.after.tasks)
        if isinstance(moment.event, Fork):
            assert after == before | {moment.event.child_tid}
        elif isinstance(moment.event, Exit):
            assert after == before - {moment.event.tid}
        elif not isinstance(moment.event, Exec):
            assert after == before


@given(lives())
def test_what_a_task_sets_is_seen_on_it(life: list[Moment]) -> None:
    for moment in life:
        if isinstance(moment.event, SetUid | SetComm | SetNamespaces | SetContainer):
            facts, event = moment.after.facts(moment.event.tid), moment.event
            names = (name for name in event._fields if name != "tid")
            told = {name: getattr(event, name) for name in names}
            if not isinstance(event, SetContainer):
                told = {name: value for name, value in told.items() if value is not None}
            assert facts == replace(moment.before.facts(event.tid), **told)


@given(lives())
def test_nothing_is_changed_in_place(life: list[Moment]) -> None:
    state = life[0].before
    for moment in life:
        assert moment.before.tasks == state.tasks
        state = step(moment.scopes, moment.before, moment.event)
        assert state == moment.after


@given(st.permutations([Start(Process(pid, pid), ppid) for pid, ppid in ((1, 0), (4, 9), (9, 1))]))
def test_order_of_what_proc_lists_never_matters(starts: list[Start]) -> None:
    state = initial_state(starts)
    assert [state.facts(pid).ancestry for pid in (1, 4, 9)] == [{1}, {1, 4, 9}, {1, 9}]


def test_an_event_of_no_task_is_refused() -> None:
    with pytest.raises(ValueError, match="task 5: not alive"):
        State().facts(5)
