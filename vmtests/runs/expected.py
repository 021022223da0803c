"""What the tracer must say of a journal: the model's word on every event of a workload.

The journal is in the order in which steps began.  Facts of a task change only by what it does
itself, by its fork, and by an exec or end for which all other threads came to rest, so this
order is as good as any that the kernel saw.
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
    begin,
    step,
)
from model.match import matched_scopes
from model.scope import COMM_BYTES, Binary, Scope
from tracee_ref.events.catalogue import load_catalogue
from vmtests.plans.plans import CGROUPS
from vmtests.runs.event_fields import fields_of
from vmtests.runs.journal import Record
from vmtests.runs.occurrence import Occurrence, shown
from vmtests.workload.layout import Kind

ENOENT = 2
UTS_BYTES = 15
"""What the tracer takes of a host name (rule 8)."""

MAY_FAIL = (Kind.CALL, Kind.EXEC, Kind.NEW_CGROUP)


@dataclass(frozen=True)
class Launch:
    """How the workload was started: the tracer and those it descends from, and the command.

    The last of ``before`` is the tracer's process; its child, process ``pid``, became the
    command, which has the arguments ``argv``.
    """

    before: Sequence[Start]
    pid: int
    argv: tuple[bytes, ...]

    @property
    def tracer(self) -> Process:
        """The tracer's own process."""
        return self.before[-1].process


@dataclass
class Replay:
    """The model led along a journal; ``occurrences`` has every event that a scope selected."""

    scopes: Sequence[Scope]
    launch: Launch
    occurrences: list[Occurrence] = field(default_factory=list)

    def __post_init__(self) -> None:
        tracer, root = self.launch.tracer.pid, self.launch.pid
        self.state = begin(self.launch.before)
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
        self._made: set[bytes] = set()

    def run(self, records: Iterable[Record]) -> list[Occurrence]:
        """Go through the journal; its first record is the exec that the tracer made."""
        root, program = self.launch.pid, self.launch.argv[0]
        first = Record(Kind.EXEC, False, root, root, 0, program, (0,))
        journal = [first, *records]
        made = (one for one in journal if one.kind is Kind.NEW_CGROUP and one.result == 0)
        self._made = {one.text for one in made}
        for record in journal:
            self._take(record)
        alive = self.state.tasks.keys() - {start.process.tid for start in self.launch.before}
        assert not alive, f"never ended: {sorted(alive)}"
        return [replace(one, ppids=self._parents[one.pid]) for one in self.occurrences]

    def _take(self, record: Record) -> None:
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
            Kind.DIE: lambda r: self._end(r.tid, r.a[0]),
        }
        assert record.result >= 0 or record.kind in MAY_FAIL, f"failed: {record}"
        if record.kind in handlers:
            handlers[record.kind](record)

    def _step(self, event: LifeEvent) -> None:
        self.state = step(self.scopes, self.state, event)

    def _happens(self, name: str, tid: int, result: int = 0, **args: Any) -> None:
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
            Occurrence(name, mask, facts.pid, facts.tid, frozenset(), facts.uid, shown(facts.comm),
                       result, shown(facts.uts), facts.mntns, facts.pidns, *inner, args)
        )  # fmt: skip

    def _call(self, record: Record) -> None:
        assert record.done, f"not returned: {record}"
        event = self._calls[record.a[0]]
        args: dict[str, Any] = {
            argument.name: value for argument, value in zip(event.args, record.a[1:], strict=False)
        }
        if "pathname" in args:
            args["pathname"] = shown(record.text)
        self._happens(event.name, record.tid, record.result, **args)

    def _fork(self, record: Record) -> None:
        """The event belongs to the parent (rule 17)."""
        born, parent = record.born, self.state.facts(record.tid)
        assert born is not None
        assert born.tid, f"nobody began: {record}"
        process = born.tid if record.kind is Kind.FORK else parent.pid
        self._inner[born.tid] = born.inner_tid
        ids = {"parent_tid": parent.tid, "parent_pid": parent.pid}
        ids |= {"child_tid": born.tid, "child_pid": process}
        inner = {name.replace("_", "_ns_"): self._inner[id_] for name, id_ in ids.items()}
        self._happens("sched_process_fork", record.tid, **ids, **inner)
        self._step(Fork(record.tid, process, born.tid))
        if process != born.tid:
            self._threaded.add(process)
            return
        self._parents[process] = frozenset({parent.pid})
        self._forked_by[process] = record.tid
        self._reapers[process] = self._reapers[parent.pid]
        if born.pidns != parent.pidns:
            self._reapers[process] = process
            self._step(SetNamespaces(process, pidns=born.pidns))

    def _join_container(self, record: Record) -> None:
        """A directory that was there before us is no new container (rule 11)."""
        directory = record.text.rpartition(b"/")[0]
        container = CGROUPS.get(fsdecode(directory.rpartition(b"/")[2]))
        known = Container(container, directory in self._made) if container else None
        self._step(SetContainer(record.tid, known))

    def _exec(self, record: Record) -> None:
        """A call that succeeds has the facts of its entry, the exec the new ones (rule 17)."""
        argv = (record.text, self.launch.argv[1], b"%d" % record.a[0])
        path = shown(record.text)
        args: dict[str, Any] = {"pathname": path, "argv": [shown(text) for text in argv]}
        self._happens("execve", record.tid, record.result if record.done else 0, **args)
        if record.done:
            assert record.result == -ENOENT, f"failed: {record}"
            return
        for tid in self.state.threads(record.pid):
            if tid != record.tid:
                self._gone(tid, 0)
        binary = Binary(record.text, self.state.facts(record.tid).mntns)
        comm = record.text.rpartition(b"/")[2][:COMM_BYTES]
        self._step(Exec(record.tid, binary, comm))
        self._threaded.discard(record.pid)
        self._settled.discard(record.tid)
        args |= {"cmdpath": path, "interp": path}
        args |= {"interpreter_pathname": None, "invoked_from_kernel": 0}
        self._happens("sched_process_exec", record.pid, **args)

    def _exit(self, record: Record) -> None:
        self._happens("exit", record.tid, status=record.a[0])
        self._gone(record.tid, record.a[0] << 8)

    def _exit_group(self, record: Record) -> None:
        self._happens("exit_group", record.tid, status=record.a[0])
        self._end(record.tid, record.a[0] << 8)

    def _end(self, tid: int, code: int) -> None:
        """A whole process ends."""
        for thread in self.state.threads(self.state.facts(tid).pid):
            self._gone(thread, code)

    def _gone(self, tid: int, code: int) -> None:
        pid = self.state.facts(tid).pid
        args: dict[str, Any] = {"exit_code": code}
        if pid not in self._threaded:  # of several threads that end at once, any may be the last
            args["process_group_exit"] = True
        self._happens("sched_process_exit", tid, **args)
        self._step(Exit(tid))
        if not self.state.threads(pid):
            self._orphan_children(pid)

    def _wait(self, record: Record) -> None:
        """These children are gone before their parent does anything more.

        Not those that another thread forks: its step began before this one, but may come after
        it, unless this one waited for the others to come to rest.
        """
        if not record.done:
            return
        settled = record.tid in self._settled
        for pid, parents in self._parents.items():
            if record.pid in parents and (settled or self._forked_by.get(pid) == record.tid):
                self._waited.add(pid)

    def _orphan_children(self, pid: int) -> None:
        """Its reaper takes orphans; a step that began before may have been done after that."""
        reaper = frozenset({self._reapers[pid]})
        for child in self._parents.keys() - self._waited:
            if pid in self._parents[child]:
                self._parents[child] |= reaper
