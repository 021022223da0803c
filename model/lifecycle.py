"""What processes are between events: a state, and what each event of their lives makes of it.

``begin`` gives the state at the start of tracing, ``step`` the next one, and the facts of a
task at any moment are ``state.facts(tid)``.  Nothing is changed in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from .facts import Container, Process
from .filters import Binary
from .match import process_holds
from .scope import Scope


@dataclass(frozen=True, slots=True)
class Start:
    """A task that was there before tracing began, as /proc tells; ``ppid`` 0: no parent."""

    process: Process
    ppid: int = 0


@dataclass(frozen=True, slots=True)
class Fork:
    """The task made a process (``child_tid`` is ``child_pid``) or a thread of its own process."""

    tid: int
    child_pid: int
    child_tid: int


@dataclass(frozen=True, slots=True)
class Exec:
    """The task began to run a program, under the name that the kernel derived from it."""

    tid: int
    binary: Binary
    comm: bytes


@dataclass(frozen=True, slots=True)
class Exit:
    """The task ended; its process does with its last task."""

    tid: int


@dataclass(frozen=True, slots=True)
class SetUid:
    """The real uid of the task changed; libraries do this to every thread, one by one."""

    tid: int
    uid: int


@dataclass(frozen=True, slots=True)
class SetComm:
    """The name of the task changed."""

    tid: int
    comm: bytes


@dataclass(frozen=True, slots=True)
class SetNamespaces:
    """The task is in other namespaces, or its uts one has another name; None: as before."""

    tid: int
    uts: bytes | None = None
    mntns: int | None = None
    pidns: int | None = None


@dataclass(frozen=True, slots=True)
class SetContainer:
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
    listed = {start.process.tid: start for start in starts}
    parents = {start.process.pid: start.ppid for start in listed.values()}
    tasks = {
        tid: replace(start.process, ancestry=descent(start.process.pid, parents))
        for tid, start in listed.items()
    }
    return State({tid: replace(task, new=False, followed=0) for tid, task in tasks.items()})


def descent(pid: int, parents: Mapping[int, int]) -> frozenset[int]:
    """Rule 12: the process and those it descends from, as far as /proc tells."""
    found: set[int] = set()
    while pid and pid not in found:
        found.add(pid)
        pid = parents.get(pid, 0)
    return frozenset(found)


def step(scopes: Iterable[Scope], state: State, event: LifeEvent) -> State:
    """Return the state after an event; ValueError for one that cannot happen (rule 17)."""
    task = state.facts(event.tid)
    if isinstance(event, Fork):
        return State({**state.tasks, event.child_tid: forked(scopes, state, task, event)})
    if isinstance(event, Exec):
        gone = state.threads(task.pid)
        rest = {tid: other for tid, other in state.tasks.items() if tid not in gone}
        return State({**rest, task.pid: executed(scopes, task, event)})
    if isinstance(event, Exit):
        return State({tid: other for tid, other in state.tasks.items() if tid != event.tid})
    if isinstance(event, SetContainer):
        threads = state.threads(task.pid).items()
        moved = {tid: replace(thread, container=event.container) for tid, thread in threads}
        return State({**state.tasks, **moved})
    return State({**state.tasks, event.tid: changed(task, event)})


def forked(scopes: Iterable[Scope], state: State, parent: Process, event: Fork) -> Process:
    """Return the child: a new process (rules 9, 12, 13), or one more thread of the same."""
    if event.child_tid in state.tasks:
        raise ValueError(f"task {event.child_tid}: alive already")
    if event.child_pid == parent.pid:
        return replace(parent, tid=event.child_tid)
    if event.child_tid != event.child_pid:
        raise ValueError(f"task {event.child_tid}: the first task of {event.child_pid} has its id")
    return replace(
        parent,
        pid=event.child_pid,
        tid=event.child_tid,
        new=True,
        ancestry=parent.ancestry | {event.child_pid},
        followed=parent.followed | following(scopes, parent),
        tracer=False,
    )


def executed(scopes: Iterable[Scope], task: Process, event: Exec) -> Process:
    """Return the task after an exec: the only one, under the process id (rules 10, 13, 17)."""
    now = replace(task, tid=task.pid, binary=event.binary, comm=event.comm)
    return replace(now, followed=now.followed | following(scopes, now))


def following(scopes: Iterable[Scope], process: Process) -> int:
    """Rule 13: the scopes with ``follow`` whose process filters hold; none for us (rule 14)."""
    if process.tracer:
        return 0
    return sum(scope.bit for scope in scopes if scope.follow and process_holds(scope, process))


def changed(task: Process, event: SetUid | SetComm | SetNamespaces) -> Process:
    """Return the task with what it set; its other threads keep theirs (rule 17)."""
    if isinstance(event, SetUid):
        return replace(task, uid=event.uid)
    if isinstance(event, SetComm):
        return replace(task, comm=event.comm)
    return replace(
        task,
        uts=task.uts if event.uts is None else event.uts,
        mntns=task.mntns if event.mntns is None else event.mntns,
        pidns=task.pidns if event.pidns is None else event.pidns,
    )


def carried(before: State, event: LifeEvent, after: State) -> Process:
    """Rule 17: the facts in the event itself; an exit's are the last, else those after it."""
    if isinstance(event, Exit):
        return before.facts(event.tid)
    return after.facts(before.facts(event.tid).pid if isinstance(event, Exec) else event.tid)
