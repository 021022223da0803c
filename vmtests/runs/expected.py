# SPDX-License-Identifier: Apache-2.0
"""Expected events of a workload: the model's answer for each step of the journal.

The journal has the steps in the order of their start.  Facts of a task change only by its own
steps, by its fork, and by an exec or exit of its process.  The step SETTLE waits until all other
threads of the process have exited or parked; plans exec or end a process only after it, so this
order gives the same events as the order in the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import fsdecode
from types import MappingProxyType
from typing import Any

from tracee_ref.events.catalogue import ArgumentDefinition, EventDefinition, load_catalogue
from tracee_ref.events.shapes import Shape
from tracee_ref.model.facts import Container, Event
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
    initial_state,
)
from tracee_ref.model.lifecycle import (
    step as next_state,
)
from tracee_ref.model.match import matched_scopes
from tracee_ref.model.scope import COMM_BYTES, Binary, Scope
from vmtests.plans.steps import CGROUPS, RENAME
from vmtests.runs.event_fields import fields_of
from vmtests.runs.journal import JournalStep
from vmtests.runs.occurrence import Occurrence, json_text
from vmtests.workload.layout import Kind

ENOENT = 2
STATUS_SHIFT = 8
"""Wait status (wait(2)): the exit code is above this bit, a signal below."""

UNCHANGED: Mapping[str, Any] = MappingProxyType({})

UTS_BYTES = 15
"""The tracer cuts a host name to this length (rule 8)."""

MAY_FAIL = (Kind.CALL, Kind.OVERWRITE, Kind.EXEC, Kind.NEW_CGROUP)
"""Steps that may fail: then NEW_CGROUP has no event, and the others have one with the error."""


RENAMED = EventDefinition(
    id=0,
    name=RENAME,
    syscall=False,
    sets=frozenset(),
    args=tuple(ArgumentDefinition(n, "char[16]", Shape.STRING) for n in ("oldcomm", "newcomm")),
    available=True,
)
"""The arguments that all kernels have."""


@dataclass(frozen=True)
class Launch:
    """The processes before the start of a workload, and its command.

    ``older`` are the ancestors of the process ``tracer``; its child, process ``pid``, executes
    ``argv``.
    """

    older: Sequence[Start]
    tracer: Start
    pid: int
    argv: tuple[bytes, ...]

    @property
    def before(self) -> Sequence[Start]:
        return (*self.older, self.tracer)


@dataclass
class Replay:
    """The model applied to a journal; ``occurrences`` are the events that a scope selects."""

    scopes: Sequence[Scope]
    launch: Launch
    occurrences: list[Occurrence] = field(default_factory=list)

    def __post_init__(self) -> None:
        tracer, root = self.launch.tracer.process.pid, self.launch.pid
        self.state = initial_state(self.launch.before)
        self._change(Fork(tracer, root, root))
        self._selected = {name for scope in self.scopes for name in scope.events}
        self._filtered = {name for scope in self.scopes for name in scope.fields}
        self._calls = {event.id: event for event in load_catalogue().values()}
        self._new_cgroups: set[bytes] = set()
        # pid -> the possible parents: the forking process, and the reaper of a possible orphan
        self._parents = {root: frozenset({tracer})}
        # pid -> the process that adopts its orphans
        self._reapers = {root: root}
        # pid -> the thread that forked it
        self._forked_by: dict[int, int] = {}
        # threads that waited until all others of their process had exited or parked
        self._settled: set[int] = set()
        # processes that a parent's WAIT has certainly reaped
        self._reaped: set[int] = set()
        # pid or tid -> the id in its own pid namespace
        self._inner = {root: root}
        # processes with more than one thread since their start or exec
        self._threaded: set[int] = set()

    def run(self, steps: Iterable[JournalStep]) -> list[Occurrence]:
        """Replay the exec of the command, then the journal; return the events of both."""
        root, path = self.launch.pid, self.launch.argv[0]
        first = JournalStep(Kind.EXEC, False, root, root, 0, path, (0,))
        journal = [first, *steps]
        # From the whole journal: a join may start before the step that creates the cgroup.
        created = (s for s in journal if s.kind is Kind.NEW_CGROUP and s.result == 0)
        self._new_cgroups = {step.text for step in created}
        for step in journal:
            self._apply(step)
        alive = self.state.tasks.keys() - {start.process.tid for start in self.launch.before}
        assert not alive, f"never ended: {sorted(alive)}"
        return [replace(event, ppids=self._parents[event.pid]) for event in self.occurrences]

    def _apply(self, step: JournalStep) -> None:
        handlers: dict[Kind, Callable[[JournalStep], None]] = {
            Kind.CALL: self._call,
            Kind.OVERWRITE: self._call,
            Kind.SET_COMM: self._set_comm,
            Kind.SET_UID: lambda s: self._change(SetUid(s.tid, s.uid)),
            Kind.SET_UTS: lambda s: self._change(SetNamespaces(s.tid, uts=s.text[:UTS_BYTES])),
            Kind.NEW_MNTNS: lambda s: self._change(SetNamespaces(s.tid, mntns=s.result)),
            Kind.JOIN_MNTNS: lambda s: self._change(SetNamespaces(s.tid, mntns=s.result)),
            Kind.JOIN_CGROUP: self._join_container,
            Kind.FORK: self._fork,
            Kind.THREAD: self._fork,
            Kind.EXEC: self._exec,
            Kind.EXIT: self._exit,
            Kind.EXIT_GROUP: self._exit_group,
            Kind.WAIT: self._wait,
            Kind.SETTLE: lambda s: self._settled.add(s.tid),
            Kind.DIE: lambda s: self._process_exits(s.tid, s.signal),
        }
        assert step.result >= 0 or step.kind in MAY_FAIL, f"failed: {step}"
        if step.kind in handlers:
            handlers[step.kind](step)

    def _change(self, event: LifeEvent) -> None:
        self.state = next_state(self.scopes, self.state, event)

    def _emit(
        self, name: str, tid: int, result: int = 0, at_return: Mapping[str, Any] = UNCHANGED,
        *, by: int = 0, **args: Any,
    ) -> None:  # fmt: skip
        """Add an event of a thread; ``by`` is the thread that has its id from now on."""
        if name not in self._selected:
            return
        facts = replace(self.state.facts(by or tid), tid=tid)
        inner = self._inner[facts.pid], self._inner[tid]
        event = Event(name, facts)
        if name in self._filtered:
            called = RENAMED if name == RENAME else load_catalogue()[name]
            fields = fields_of(called, facts, inner, result, args, at_return=at_return)
            event = Event(name, facts, fields)
        mask = matched_scopes(self.scopes, event)
        self.occurrences.append(
            Occurrence(name, mask, facts.pid, facts.tid, frozenset(), facts.uid,
                       json_text(facts.comm), result, json_text(facts.uts), facts.mntns,
                       facts.pidns, *inner, args, {**at_return})
        )  # fmt: skip

    def _call(self, step: JournalStep) -> None:
        assert step.returned, f"not returned: {step}"
        event = self._calls[step.call]
        args: dict[str, Any] = {
            argument.name: value
            for argument, value in zip(event.args, step.call_arguments, strict=False)
            if "*" not in argument.type
        }
        at_return = {}
        for name in (argument.name for argument in event.args if argument.type == "const char*"):
            args[name] = json_text(step.text)
            if step.kind is Kind.OVERWRITE and step.at_return != step.text:
                at_return[name] = json_text(step.at_return)
        self._emit(event.name, step.tid, step.result, at_return, **args)

    def _fork(self, step: JournalStep) -> None:
        """The event belongs to the parent (rule 17)."""
        child, parent = step.child, self.state.facts(step.tid)
        assert child is not None
        assert child.tid, f"no task was created: {step}"
        process = child.tid if step.kind is Kind.FORK else parent.pid
        self._inner[child.tid] = child.inner_tid
        ids: dict[str, Any] = {"parent_tid": parent.tid, "parent_pid": parent.pid}
        ids |= {"child_tid": child.tid, "child_pid": process}
        ids |= {name.replace("_", "_ns_"): self._inner[id_] for name, id_ in ids.items()}
        self._emit("sched_process_fork", step.tid, **ids)
        self._change(Fork(step.tid, process, child.tid))
        if process != child.tid:
            self._threaded.add(process)
            return
        self._parents[process] = frozenset({parent.pid})
        self._forked_by[process] = step.tid
        self._reapers[process] = self._reapers[parent.pid]
        if child.pidns != parent.pidns:
            self._reapers[process] = process
            self._change(SetNamespaces(process, pidns=child.pidns))

    def _set_comm(self, step: JournalStep) -> None:
        self._rename(step.tid, step.text)
        self._change(SetComm(step.tid, step.text))

    def _rename(self, tid: int, comm: bytes, *, by: int = 0) -> None:
        """The event has the old name; of an exec the new id of its thread, and the old program."""
        old = self.state.facts(by or tid).comm
        self._emit(RENAME, tid, by=by, oldcomm=json_text(old), newcomm=json_text(comm))

    def _join_container(self, step: JournalStep) -> None:
        """A cgroup that existed before the tracer is not a new container (rule 11)."""
        directory = step.text.rpartition(b"/")[0]
        id_ = CGROUPS.get(fsdecode(directory.rpartition(b"/")[2]))
        container = Container(id_, directory in self._new_cgroups) if id_ else None
        self._change(SetContainer(step.tid, container))

    def _exec(self, step: JournalStep) -> None:
        """A successful execve has the facts of its entry, the exec event the new ones (rule 17)."""
        argv = (step.text, self.launch.argv[1], b"%d" % step.block)
        path = json_text(step.text)
        args: dict[str, Any] = {"pathname": path, "argv": [json_text(text) for text in argv]}
        if step.returned:
            self._emit("execve", step.tid, step.result, **args)
            assert step.result == -ENOENT, f"failed: {step}"
            return
        for tid in self.state.threads(step.pid):
            if tid != step.tid:
                self._thread_exits(tid, 0)
        before = self.state.facts(step.tid)
        binary = Binary(step.text, before.mntns)
        comm = step.text.rpartition(b"/")[2][:COMM_BYTES]
        self._rename(step.pid, comm, by=step.tid)
        self._emit("execve", step.tid, 0, **args)
        self._change(Exec(step.tid, binary, comm))
        self._threaded.discard(step.pid)
        self._settled.discard(step.tid)
        args |= {"cmdpath": path, "interp": path}
        args |= {"interpreter_pathname": None, "invoked_from_kernel": 0}
        args["prev_comm"] = json_text(before.comm)
        self._emit("sched_process_exec", step.pid, **args)

    def _exit(self, step: JournalStep) -> None:
        self._emit("exit", step.tid, status=step.code)
        self._thread_exits(step.tid, step.code << STATUS_SHIFT)

    def _exit_group(self, step: JournalStep) -> None:
        self._emit("exit_group", step.tid, status=step.code)
        self._process_exits(step.tid, step.code << STATUS_SHIFT)

    def _process_exits(self, tid: int, status: int) -> None:
        """Let all threads exit with a wait status: a signal, or a shifted exit code."""
        for thread in self.state.threads(self.state.facts(tid).pid):
            self._thread_exits(thread, status)

    def _thread_exits(self, tid: int, status: int) -> None:
        pid = self.state.facts(tid).pid
        args: dict[str, Any] = {"exit_code": status}
        # Of several threads that exit together, any may be the last one, whose argument is true.
        if pid not in self._threaded:
            args["process_group_exit"] = True
        self._emit("sched_process_exit", tid, **args)
        self._change(Exit(tid))
        if not self.state.threads(pid):
            self._orphan_children(pid)

    def _wait(self, step: JournalStep) -> None:
        """Record the children that WAIT has certainly reaped when it returns.

        WAIT waits for all children of the process.  Certain are those that this thread forked
        itself and, after a SETTLE, those of the other threads: the journal has steps by their
        start, so another thread's fork may be listed before this WAIT and happen after it.
        """
        if not step.returned:
            return
        settled = step.tid in self._settled
        for pid, parents in self._parents.items():
            if step.pid in parents and (settled or self._forked_by.get(pid) == step.tid):
                self._reaped.add(pid)

    def _orphan_children(self, pid: int) -> None:
        """Add the reaper to the possible parents of orphans: steps may overlap the exit."""
        reaper = frozenset({self._reapers[pid]})
        for child in self._parents.keys() - self._reaped:
            if pid in self._parents[child]:
                self._parents[child] |= reaper
