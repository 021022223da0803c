# SPDX-License-Identifier: Apache-2.0
"""State of all processes, and its change by fork, exec, exit and other syscalls.

``initial_state`` returns the state when tracing starts, ``step`` the next state; a task's facts
at that moment are ``state.facts(tid)``.  States are immutable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from .facts import Container, Process
from .filters import Binary
from .match import process_filters_hold
from .scope import Scope


class Start(NamedTuple):
    """A task that existed before tracing, as in /proc; ``ppid`` 0 is no parent."""

    process: Process
    ppid: int = 0


class Fork(NamedTuple):
    """The task forked a process (``child_tid`` is ``child_pid``) or a thread of its own process."""

    tid: int
    child_pid: int
    child_tid: int


class Exec(NamedTuple):
    """The task executed a file; ``comm`` is the name that the kernel derived from it."""

    tid: int
    binary: Binary
    comm: bytes


class Exit(NamedTuple):
    """The task exited; a process ends with its last task."""

    tid: int


class SetUid(NamedTuple):
    """The real uid of the task changed; the other threads keep theirs."""

    tid: int
    uid: int


class SetComm(NamedTuple):
    """The comm of the task changed."""

    tid: int
    comm: bytes


class SetNamespaces(NamedTuple):
    """The task changed namespaces, or the host name; None leaves a fact unchanged."""

    tid: int
    uts: bytes | None = None
    mntns: int | None = None
    pidns: int | None = None


class SetContainer(NamedTuple):
    """The task's process moved into a container, or out of one if None (rule 11)."""

    tid: int
    container: Container | None


LifeEvent: TypeAlias = Fork | Exec | Exit | SetUid | SetComm | SetNamespaces | SetContainer


@dataclass(frozen=True, slots=True)
class State:
    """All tasks by id; facts that threads share are the same in all tasks of a process."""

    tasks: Mapping[int, Process] = field(default_factory=dict)

    def facts(self, tid: int) -> Process:
        """Return the facts of a task (rule 17); ValueError if there is no such task."""
        if tid not in self.tasks:
            raise ValueError(f"task {tid}: not alive")
        return self.tasks[tid]

    def threads(self, pid: int) -> dict[int, Process]:
        """Return the tasks of a process."""
        return {tid: task for tid, task in self.tasks.items() if task.pid == pid}


def initial_state(starts: Iterable[Start]) -> State:
    """Return the state when tracing starts: no process is new or followed (rules 9, 12, 13)."""
    listed = [*starts]
    parents = {start.process.pid: start.ppid for start in listed}
    tasks = {}
    for process in (start.process for start in listed):
        ancestry = ancestry_of(process.pid, parents)
        tasks[process.tid] = replace(process, ancestry=ancestry, new=False, followed=0)
    return State(tasks)


def ancestry_of(pid: int, parents: Mapping[int, int]) -> frozenset[int]:
    """Return the ids of the process and of its ancestors that `parents` has (rule 12)."""
    found: set[int] = set()
    while pid and pid not in found:
        found.add(pid)
        pid = parents.get(pid, 0)
    return frozenset(found)


def step(scopes: Iterable[Scope], state: State, event: LifeEvent) -> State:
    """Return the state after an event; raises ValueError for an impossible one (rule 17)."""
    task, tasks = state.facts(event.tid), dict(state.tasks)
    threads = state.threads(task.pid)
    if isinstance(event, Fork):
        tasks[event.child_tid] = forked(scopes, state, task, event)
    elif isinstance(event, Exec):
        tasks = {tid: other for tid, other in tasks.items() if tid not in threads}
        tasks[task.pid] = executed(scopes, task, event)
    elif isinstance(event, Exit):
        del tasks[event.tid]
    elif isinstance(event, SetContainer):
        tasks |= {tid: replace(task, container=event.container) for tid, task in threads.items()}
    else:  # these facts are of one thread only
        changes = {name: value for name, value in event._asdict().items() if value is not None}
        tasks[event.tid] = replace(task, **changes)
    return State(tasks)


def forked(scopes: Iterable[Scope], state: State, parent: Process, event: Fork) -> Process:
    """Return the child: a new process (rules 9, 12, 13), or a thread of the same process."""
    if event.child_tid in state.tasks:
        raise ValueError(f"task {event.child_tid}: alive already")
    if event.child_pid == parent.pid:
        return replace(parent, tid=event.child_tid)
    if event.child_tid != event.child_pid:
        raise ValueError(f"task {event.child_tid}: the first task of {event.child_pid} has its id")
    ancestry = parent.ancestry | {event.child_pid}
    followed = parent.followed | scopes_to_follow(scopes, parent)
    child = replace(parent, pid=event.child_pid, tid=event.child_tid, ancestry=ancestry)
    return replace(child, followed=followed, new=True, tracer=False)


def executed(scopes: Iterable[Scope], task: Process, event: Exec) -> Process:
    """Return the task after an exec: the only one of its process (rules 10, 13, 17)."""
    now = replace(task, tid=task.pid, binary=event.binary, comm=event.comm)
    return replace(now, followed=now.followed | scopes_to_follow(scopes, now))


def scopes_to_follow(scopes: Iterable[Scope], process: Process) -> int:
    """Return the scopes with ``follow`` whose filters on the process hold (rule 13).

    For the tracer itself that is none (rule 14).
    """
    follow = (scope for scope in scopes if scope.follow and not process.tracer)
    return sum(scope.bit for scope in follow if process_filters_hold(scope, process))


def event_facts(before: State, event: LifeEvent, after: State) -> Process:
    """Return the facts of the event itself: of an exit those before it, else those after it."""
    if isinstance(event, Exit):
        return before.facts(event.tid)
    return after.facts(before.facts(event.tid).pid if isinstance(event, Exec) else event.tid)
