# SPDX-License-Identifier: Apache-2.0
"""Expected events of a workload: the model's answer for each step of the journal.

The journal has the steps in the order of their start.  Facts of a task change only by its own
steps, by its fork, and by an exec or exit for which all other threads are at rest, so this order
gives the same events as the order in the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from os import fsdecode
from typing import Any

from model.facts import Container, Event, Process
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
    initial_state,
    step,
)
from model.match import matched_scopes
from model.scope import COMM_BYTES, Binary, Scope
from tracee_ref.events.catalogue import load_catalogue
from vmtests.plans.steps import CGROUPS
from vmtests.runs.event_fields import fields_of
from vmtests.runs.journal import Record
from vmtests.runs.occurrence import Occurrence, json_text
from vmtests.workload.layout import Kind

ENOENT = 2
UTS_BYTES = 15
"""The tracer cuts a host name to this length (rule 8)."""

MAY_FAIL = (Kind.CALL, Kind.EXEC, Kind.NEW_CGROUP)


@dataclass(frozen=True)
class Launch:
    """The processes before the start of a workload, and its command.

    The last of ``before`` is the tracer's process; its child, process ``pid``, executes ``argv``.
    """

    before: Sequence[Start]
    pid: int
    argv: tuple[bytes, ...]

    @property
    def tracer(self) -> Process:
        return self.before[-1].process


@dataclass
class Replay:
    """The model stepped along a journal; ``occurrences`` are the events that a scope selects."""

    scopes: Sequence[Scope]
    launch: Launch
    occurrences: list[Occurrence] = field(default_factory=list)

    def __post_init__(self) -> None:
        tracer, root = self.launch.tracer.pid, self.launch.pid
        self.state = initial_state(self.launch.before)
        self._step(Fork(tracer, root, root))
        self._selected = {name for scope in self.scopes for name in scope.events}
        self._filtered = {name for scope in self.scopes for name in scope.fields}
        self._parents = {root: frozenset({tracer})}
        self._forked_by: dict[int, int] = {}
        self._settled: set[int] = set()
        self._waited: set[int] = set()
        self._reapers = {root: root}
        self._inner = {root: root}
        self._threaded: set[int] = set()
        self._calls = {event.id: event for event in load_catalogue().values()}
        self._new_cgroups: set[bytes] = set()

    def run(self, records: Iterable[Record]) -> list[Occurrence]:
        """Return the events of a journal, after those of the exec of the command itself."""
        root, program = self.launch.pid, self.launch.argv[0]
        first = Record(Kind.EXEC, False, root, root, 0, program, (0,))
        journal = [first, *records]
        created = (r for r in journal if r.kind is Kind.NEW_CGROUP and r.result == 0)
        self._new_cgroups = {record.text for record in created}
        for record in journal:
            self._apply(record)
        alive = self.state.tasks.keys() - {start.process.tid for start in self.launch.before}
        assert not alive, f"never ended: {sorted(alive)}"
        return [replace(event, ppids=self._parents[event.pid]) for event in self.occurrences]

    def _apply(self, record: Record) -> None:
        handlers: dict[Kind, Callable[[Record], None]] = {
            Kind.CALL: self._call,
            Kind.SET_COMM: lambda r: self._step(SetComm(r.tid, r.text)),
            Kind.SET_UID: lambda r: self._step(SetUid(r.tid, r.a[0])),
            Kind.SET_UTS: lambda r: self._step(SetNamespaces(r.tid, uts=r.text[:UTS_BYTES])),
            Kind.NEW_MNTNS: lambda r: self._step(SetNamespaces(r.tid, mntns=r.result)),
            Kind.JOIN_MNTNS: lambda r: self._step(SetNamespaces(r.tid, mntns=r.result)),
            Kind.JOIN_CGROUP: self._join_container,
            Kind.FORK: self._fork,
            Kind.THREAD: self._fork,
            Kind.EXEC: self._exec,
            Kind.EXIT: self._exit,
            Kind.EXIT_GROUP: self._exit_group,
            Kind.WAIT: self._wait,
            Kind.SETTLE: lambda r: self._settled.add(r.tid),
            Kind.DIE: lambda r: self._process_exits(r.tid, r.a[0]),
        }
        assert record.result >= 0 or record.kind in MAY_FAIL, f"failed: {record}"
        if record.kind in handlers:
            handlers[record.kind](record)

    def _step(self, event: LifeEvent) -> None:
        self.state = step(self.scopes, self.state, event)

    def _emit(self, name: str, tid: int, result: int = 0, **args: Any) -> None:
        if name not in self._selected:
            return
        facts = self.state.facts(tid)
        inner = self._inner[facts.pid], self._inner[tid]
        event = Event(name, facts)
        if name in self._filtered:
            fields = fields_of(load_catalogue()[name], facts, inner, result, args)
            event = Event(name, facts, fields)
        mask = matched_scopes(self.scopes, event)
        self.occurrences.append(
            Occurrence(name, mask, facts.pid, facts.tid, frozenset(), facts.uid,
                       json_text(facts.comm), result, json_text(facts.uts), facts.mntns,
                       facts.pidns, *inner, args)
        )  # fmt: skip

    def _call(self, record: Record) -> None:
        assert record.done, f"not returned: {record}"
        event = self._calls[record.a[0]]
        args: dict[str, Any] = {
            argument.name: value for argument, value in zip(event.args, record.a[1:], strict=False)
        }
        if "pathname" in args:
            args["pathname"] = json_text(record.text)
        self._emit(event.name, record.tid, record.result, **args)

    def _fork(self, record: Record) -> None:
        """The event belongs to the parent (rule 17)."""
        child, parent = record.child, self.state.facts(record.tid)
        assert child is not None
        assert child.tid, f"no task was created: {record}"
        process = child.tid if record.kind is Kind.FORK else parent.pid
        self._inner[child.tid] = child.inner_tid
        ids = {"parent_tid": parent.tid, "parent_pid": parent.pid}
        ids |= {"child_tid": child.tid, "child_pid": process}
        inner = {name.replace("_", "_ns_"): self._inner[id_] for name, id_ in ids.items()}
        self._emit("sched_process_fork", record.tid, **ids, **inner)
        self._step(Fork(record.tid, process, child.tid))
        if process != child.tid:
            self._threaded.add(process)
            return
        self._parents[process] = frozenset({parent.pid})
        self._forked_by[process] = record.tid
        self._reapers[process] = self._reapers[parent.pid]
        if child.pidns != parent.pidns:
            self._reapers[process] = process
            self._step(SetNamespaces(process, pidns=child.pidns))

    def _join_container(self, record: Record) -> None:
        """A cgroup that existed before the tracer is not a new container (rule 11)."""
        directory = record.text.rpartition(b"/")[0]
        id_ = CGROUPS.get(fsdecode(directory.rpartition(b"/")[2]))
        container = Container(id_, directory in self._new_cgroups) if id_ else None
        self._step(SetContainer(record.tid, container))

    def _exec(self, record: Record) -> None:
        """A successful execve has the facts of its entry, the exec event the new ones (rule 17)."""
        argv = (record.text, self.launch.argv[1], b"%d" % record.a[0])
        path = json_text(record.text)
        args: dict[str, Any] = {"pathname": path, "argv": [json_text(text) for text in argv]}
        self._emit("execve", record.tid, record.result if record.done else 0, **args)
        if record.done:
            assert record.result == -ENOENT, f"failed: {record}"
            return
        for tid in self.state.threads(record.pid):
            if tid != record.tid:
                self._thread_exits(tid, 0)
        binary = Binary(record.text, self.state.facts(record.tid).mntns)
        comm = record.text.rpartition(b"/")[2][:COMM_BYTES]
        self._step(Exec(record.tid, binary, comm))
        self._threaded.discard(record.pid)
        self._settled.discard(record.tid)
        args |= {"cmdpath": path, "interp": path}
        args |= {"interpreter_pathname": None, "invoked_from_kernel": 0}
        self._emit("sched_process_exec", record.pid, **args)

    def _exit(self, record: Record) -> None:
        self._emit("exit", record.tid, status=record.a[0])
        self._thread_exits(record.tid, record.a[0] << 8)

    def _exit_group(self, record: Record) -> None:
        self._emit("exit_group", record.tid, status=record.a[0])
        self._process_exits(record.tid, record.a[0] << 8)

    def _process_exits(self, tid: int, code: int) -> None:
        for thread in self.state.threads(self.state.facts(tid).pid):
            self._thread_exits(thread, code)

    def _thread_exits(self, tid: int, code: int) -> None:
        pid = self.state.facts(tid).pid
        args: dict[str, Any] = {"exit_code": code}
        if pid not in self._threaded:  # of several threads that exit together, any may be the last
            args["process_group_exit"] = True
        self._emit("sched_process_exit", tid, **args)
        self._step(Exit(tid))
        if not self.state.threads(pid):
            self._orphan_children(pid)

    def _wait(self, record: Record) -> None:
        """Note the children that have exited before the next step of their parent.

        A child that another thread forks is not one of them: that step started before this one, but
        its fork may come after it, unless this thread waited for the others to be at rest.
        """
        if not record.done:
            return
        settled = record.tid in self._settled
        for pid, parents in self._parents.items():
            if record.pid in parents and (settled or self._forked_by.get(pid) == record.tid):
                self._waited.add(pid)

    def _orphan_children(self, pid: int) -> None:
        """Add the reaper to the possible parents of orphans: steps may overlap the exit."""
        reaper = frozenset({self._reapers[pid]})
        for child in self._parents.keys() - self._waited:
            if pid in self._parents[child]:
                self._parents[child] |= reaper
