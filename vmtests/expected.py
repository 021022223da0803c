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

from model.facts import Event, Process
from model.lifecycle import Exec, Exit, Fork, LifeEvent, SetComm, SetUid, Start, begin, step
from model.match import matched_scopes
from model.scope import COMM_BYTES, Binary, Scope
from tracee_ref.catalogue import load_catalogue
from vmtests.journal import Record
from vmtests.workload.layout import Kind

NOT_UTF8 = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
ENOENT = 2


@dataclass(frozen=True)
class Occurrence:
    """An event: as it happened, shown if its mask is not 0; or as the tracer showed it.

    What is expected of an orphan has several ``ppids``; ``args`` has what is compared.
    """

    name: str
    mask: int
    pid: int
    tid: int
    ppids: frozenset[int]
    uid: int
    comm: str
    result: int
    args: dict[str, Any]


@dataclass(frozen=True)
class Launch:
    """How the workload was started: by whom, and what it was before its exec."""

    tracer: int
    before: Process
    argv: tuple[bytes, ...]


def shown(text: bytes) -> str:
    """A text as JSON output has it."""
    return fsdecode(text).translate(NOT_UTF8)


@dataclass
class Replay:
    """The model led along a journal; ``occurrences`` has every event that a scope selected."""

    scopes: Sequence[Scope]
    launch: Launch
    occurrences: list[Occurrence] = field(default_factory=list)

    def __post_init__(self) -> None:
        root = self.launch.before
        self.state = begin([Start(root, self.launch.tracer)])
        self._selected = {name for scope in self.scopes for name in scope.events}
        self._parents = {root.pid: frozenset({self.launch.tracer})}
        self._threaded: set[int] = set()
        self._calls = {event.id: event for event in load_catalogue().values()}
        self._argv = {0: self.launch.argv}

    def run(self, records: Iterable[Record]) -> list[Occurrence]:
        """Go through the journal; its first record is the exec that the tracer made."""
        program = self.launch.argv[0]
        root = self.launch.before.tid
        first = Record(Kind.EXEC, False, root, root, 0, program, (0,))
        for record in (first, *records):
            self._take(record)
        assert not self.state.tasks, f"never ended: {sorted(self.state.tasks)}"
        return [replace(one, ppids=self._parents[one.pid]) for one in self.occurrences]

    def _take(self, record: Record) -> None:
        handlers: dict[Kind, Callable[[Record], None]] = {
            Kind.CALL: self._call,
            Kind.SET_COMM: lambda r: self._step(SetComm(r.tid, r.text)),
            Kind.SET_UID: lambda r: self._step(SetUid(r.tid, r.a[0])),
            Kind.FORK: self._fork,
            Kind.THREAD: self._fork,
            Kind.EXEC: self._exec,
            Kind.EXIT: self._exit,
            Kind.EXIT_GROUP: self._exit_group,
            Kind.DIE: lambda r: self._end(r.tid, r.a[0]),
        }
        if record.kind in handlers:
            handlers[record.kind](record)

    def _step(self, event: LifeEvent) -> None:
        self.state = step(self.scopes, self.state, event)

    def _happens(self, name: str, tid: int, result: int = 0, **args: Any) -> None:
        if name not in self._selected:
            return
        facts = self.state.facts(tid)
        mask = matched_scopes(self.scopes, Event(name, facts))
        self.occurrences.append(
            Occurrence(name, mask, facts.pid, facts.tid, frozenset(), facts.uid,
                       shown(facts.comm), result, args)
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
        child = record.result
        assert child > 0, f"failed: {record}"
        process = child if record.kind is Kind.FORK else record.pid
        ids = {"parent_tid": record.tid, "parent_pid": record.pid}
        ids |= {"child_tid": child, "child_pid": process}
        inner = {name.replace("_", "_ns_"): value for name, value in ids.items()}
        self._happens("sched_process_fork", record.tid, **ids, **inner)
        self._step(Fork(record.tid, process, child))
        if process == child:
            self._parents[child] = frozenset({record.pid})
        else:
            self._threaded.add(process)

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

    def _orphan_children(self, pid: int) -> None:
        """The root takes orphans; a step that began before may have been done after that."""
        root = frozenset({self.launch.before.pid})
        living = {task.pid for task in self.state.tasks.values()}
        for child in living:
            if pid in self._parents[child]:
                self._parents[child] |= root
