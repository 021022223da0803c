# SPDX-License-Identifier: Apache-2.0
"""Tests of the state of processes in a stream, in single cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.traced_events import Traced, exec_, exit_, fork, traced
from tracee_ref.oracle.dialects import semantics_of
from tracee_ref.oracle.streams.process_state import Begins
from tracee_ref.oracle.streams.verdicts import Verdict, Verdicts


def last(events: Sequence[Traced], *flags: str, **options: Any) -> Verdict:
    """The verdict on the last event, with scope 1 for openat and the flags."""
    return [*verdicts_of(events, *flags, **options)][-1]


def verdicts_of(
    events: Sequence[Traced], *flags: str, dialect: str | None = None,
    begins: Begins = Begins.ANYWHERE, complete: bool = True,
) -> list[Verdict]:  # fmt: skip
    verdicts = Verdicts(semantics_of(["event=openat", *flags], dialect), begins, complete=complete)
    return [verdicts.of(event) for event in events]


CAT = exec_(7, "/bin/cat")
OPENAT = traced()


def certain(verdict: Verdict) -> bool | None:
    return None if verdict.undecidable else bool(verdict.certain)


def test_program_from_exec_and_fork() -> None:
    """A program is resolved from its exec on, and inherited by children."""
    child = traced(hostProcessId=8)
    assert certain(last([OPENAT], "binary=/bin/cat")) is None
    for flag, holds in (("binary=/bin/cat", True), ("binary=3:/bin/cat", True),
                        ("binary=4:/bin/cat", False), ("binary!=/bin/cat", False)):  # fmt: skip
        assert certain(last([CAT, OPENAT], flag)) is holds
        assert certain(last([CAT, fork(7, 8), child], flag)) is holds
    assert certain(last([CAT, fork(7, 8), exec_(8, "/bin/ls"), child], "binary=/bin/cat")) is False


def test_binary_of_exec_in_partial_stream() -> None:
    """An exec has its own program, even if the stream lacks other execs."""
    flags = ("event=openat,sched_process_exec", "binary=/bin/cat")
    assert certain(last([CAT], *flags, complete=False)) is True
    assert certain(last([CAT, OPENAT], *flags, complete=False)) is None
    assert last([CAT, OPENAT], *flags, complete=False).needs == {
        "binary": "needs sched_process_exec of the process"
    }


def test_exit_removes_state() -> None:
    judged = Verdicts(semantics_of(["event=openat", "binary=/bin/cat"]), complete=True)
    for event in (CAT, exit_(7)):
        judged.of(event)
    assert len(judged.processes) == 0
    assert judged.of(OPENAT).undecidable


@pytest.mark.parametrize(
    ("begins", "age", "followed"),
    [(Begins.ANYWHERE, None, None), (Begins.HOST, False, False), (Begins.COMMAND, True, False)],
)
def test_begins_decides_older_processes(
    begins: Begins, age: bool | None, followed: bool | None
) -> None:
    """The beginning of a stream decides the age of older processes."""
    assert certain(last([OPENAT], "pid=new", begins=begins)) is age
    assert certain(last([OPENAT], "comm=cat", "follow", begins=begins)) is followed
    assert certain(last([fork(3, 7), OPENAT], "pid=new", begins=begins)) is True


def test_follow_inherited() -> None:
    parent = traced(hostProcessId=3, processName="sh")
    flags = ("comm=sh", "follow")
    child = [fork(3, 7, processName="sh"), OPENAT]
    assert certain(last(child, *flags, begins=Begins.HOST)) is True
    assert certain(last(child, *flags)) is True
    assert (
        certain(last([fork(3, 7, processName="zsh"), OPENAT], *flags, begins=Begins.HOST)) is False
    )
    assert certain(last([fork(3, 7, processName="zsh"), OPENAT], *flags)) is None
    assert certain(last([exec_(7, "/bin/sh", processName="sh"), OPENAT], *flags)) is True
    assert certain(last([parent, OPENAT], *flags, begins=Begins.HOST)) is False


def test_follow_by_unresolved_program() -> None:
    """Following by an unresolved executed file is undecidable."""
    flags = ("binary=/bin/sh", "follow")
    assert certain(last([fork(3, 7), OPENAT], *flags, begins=Begins.HOST)) is None


def test_ancestry_from_forks() -> None:
    forks = [fork(3, 5), fork(5, 7)]
    assert certain(last([*forks, OPENAT], "tree=3")) is True
    assert certain(last([*forks, OPENAT], "tree=5")) is True
    assert certain(last([*forks, OPENAT], "tree!=5")) is False
    assert certain(last([*forks, OPENAT], "tree=7")) is True
    assert certain(last([*forks, OPENAT], "tree=1")) is None
    assert certain(last([fork(3, 5), fork(3, 7), OPENAT], "tree=5")) is False


def test_container_new_from_stream() -> None:
    """A container is new if its creation is in the stream."""
    inside = traced(containerId="c0")
    create = traced("container_create", args={"container_id": "c0"})
    remove = traced("container_remove", args={"container_id": "c0"})
    existing = traced("existing_container", args={"container_id": "c0"})
    assert certain(last([inside], "container=new")) is None
    assert certain(last([OPENAT], "container=new")) is False
    assert certain(last([create, inside], "container=new")) is True
    assert certain(last([existing, inside], "container=new")) is False
    assert certain(last([existing, inside], "container!=new")) is True
    assert certain(last([create, remove, inside], "container=new")) is None


def test_dialect_process_state() -> None:
    old = [exec_(7, "/bin/cat"), OPENAT]
    assert certain(last(old, "pid=new", begins=Begins.HOST)) is False
    assert certain(last(old, "pid=new", begins=Begins.HOST, dialect="tracee-0.12")) is True
    thread = [fork(7, 7, processName="sh"), OPENAT]
    flags = ("comm=sh", "follow")
    assert certain(last(thread, *flags, begins=Begins.HOST)) is False
    assert certain(last(thread, *flags, begins=Begins.HOST, dialect="tracee-0.12")) is True


def test_program_in_event_of_later_version() -> None:
    """Events of later versions name the program."""
    named = traced(executable={"path": "/bin/cat"})
    assert certain(last([named], "binary=/bin/cat", complete=False)) is True
    assert certain(last([named], "binary=/bin/ls", complete=False)) is False
    assert certain(last([named], "binary=5:/bin/cat", complete=False)) is None


def test_tracer_matches_nothing() -> None:
    verdicts = Verdicts(semantics_of(["event=openat"]), tracers=frozenset({7}))
    assert certain(verdicts.of(OPENAT)) is False
    assert certain(verdicts.of(traced(hostProcessId=8))) is True
