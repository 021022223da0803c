# SPDX-License-Identifier: Apache-2.0
"""What processes are between events: a state, and what each event of their lives makes of it.

``begin`` gives the state at the start of tracing, ``step`` the next one, and the facts of a
task at any moment are ``state.facts(tid)``.  Nothing is changed in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from .facts import Container, Process
from .filters import Binary
from .match import process_holds
from .scope import Scope


class Start(NamedTuple):
    """A task that was there before tracing began, as /proc tells; ``ppid`` 0: no parent."""

    process: Process
    ppid: int = 0


class Fork(NamedTuple):
    """The task made a process (``child_tid`` is ``child_pid``) or a thread of its own process."""

    tid: int
    child_pid: int
    child_tid: int


class Exec(NamedTuple):
    """The task began to run a program, under the name that the kernel derived from it."""

    tid: int
    binary: Binary
    comm: bytes


class Exit(NamedTuple):
    """The task ended; its process does with its last task."""

    tid: int


class SetUid(NamedTuple):
    """The real uid of the task changed; libraries do this to every thread, one by one."""

    tid: int
    uid: int


class SetComm(NamedTuple):
    """The name of the task changed."""

    tid: int
    comm: bytes


class SetNamespaces(NamedTuple):
    """The task is in other namespaces, or its uts one has another name; None: as before."""

    tid: int
    uts: bytes | None = None
    mntns: int | None = None
    pidns: int | None = None


class SetContainer(NamedTuple):
    """The task's process moved into a container, or with None out of one (rule 11)."""

    tid: int
    container: Container | None


LifeEvent: TypeAlias = Fork | Exec | Exit | SetUid | SetComm | SetNamespaces | SetContainer


@dataclass(frozen=True, slots=True)
class State:
    """Every living task by its id; what threads share is the same in all tasks of a process."""

    tasks: Mapping[int, Process] = field(default_factory=dict)

    def facts(self, tid: int) -> Process:
        """Return the facts of a task (rule 17); ValueError if there is no such task."""
        if tid not in self.tasks:
            raise ValueError(f"task {tid}: not alive")
        return self.tasks[tid]

    def threads(self, pid: int) -> dict[int, Process]:
        """Return the living tasks of a process."""
        return {tid: task for tid, task in self.tasks.items() if task.pid == pid}


def begin(starts: Iterable[Start]) -> State:
    """Return the state when tracing begins; nobody is new or followed yet (rules 9, 12, 13)."""
    listed = [*starts]
    parents = {start.process.pid: start.ppid for start in listed}
    tasks = {}
    for process in (start.process for start in listed):
        descends = descent(process.pid, parents)
        tasks[process.tid] = replace(process, ancestry=descends, new=False, followed=0)
    return State(tasks)


def descent(pid: int, parents: Mapping[int, int]) -> frozenset[int]:
    """Rule 12: the process and those it descends from, as far as /proc tells."""
    found: set[int] = set()
    while pid and pid not in found:
        found.add(pid)
        pid = parents.get(pid, 0)
    return frozenset(found)


def step(scopes: Iterable[Scope], state: State, event: LifeEvent) -> State:
    """Return the state after an event; ValueError for one that cannot happen (rule 17)."""
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
        tasks |= {tid: replace(one, container=event.container) for tid, one in threads.items()}
    else:  # what one thread sets, the others of its process do not
        changes = {name: now for name, now in event._asdict().items() if now is not None}
        tasks[event.tid] = replace(task, **changes)
    return State(tasks)


def forked(scopes: Iterable[Scope], state: State, parent: Process, event: Fork) -> Process:
    """Return the child: a new process (rules 9, 12, 13), or one more thread of the same."""
    if event.child_tid in state.tasks:
        raise ValueError(f"task {event.child_tid}: alive already")
    if event.child_pid == parent.pid:
        return replace(parent, tid=event.child_tid)
    if event.child_tid != event.child_pid:
        raise ValueError(f"task {event.child_tid}: the first task of {event.child_pid} has its id")
    ancestry = parent.ancestry | {event.child_pid}
    followed = parent.followed | following(scopes, parent)
    child = replace(parent, pid=event.child_pid, tid=event.child_tid, ancestry=ancestry)
    return replace(child, followed=followed, new=True, tracer=False)


def executed(scopes: Iterable[Scope], task: Process, event: Exec) -> Process:
    """Return the task after an exec: the only one, under the process id (rules 10, 13, 17)."""
    now = replace(task, tid=task.pid, binary=event.binary, comm=event.comm)
    return replace(now, followed=now.followed | following(scopes, now))


def following(scopes: Iterable[Scope], process: Process) -> int:
    """Rule 13: the scopes with ``follow`` whose process filters hold; none for us (rule 14)."""
    follow = (scope for scope in scopes if scope.follow and not process.tracer)
    return sum(scope.bit for scope in follow if process_holds(scope, process))


def carried(before: State, event: LifeEvent, after: State) -> Process:
    """Rule 17: the facts in the event itself; an exit's are the last, else those after it."""
    if isinstance(event, Exit):
        return before.facts(event.tid)
    return after.facts(before.facts(event.tid).pid if isinstance(event, Exec) else event.tid)
