# SPDX-License-Identifier: Apache-2.0
"""Random journals of what processes do, from a seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Final

from ...model.filters import NEW, Binary, Condition, ContainerId, Key, Pattern, Value
from ...model.lifecycle import State, step
from ...model.scope import Scope
from ..protocol.encoding import Data
from ..reference.replay import read_change, read_state
from .scopes import EQUALITY, ScopeGenerator

EVENTS: Final = (
    "openat",
    "setuid",
    "execve",
    "sched_process_fork",
    "sched_process_exec",
    "sched_process_exit",
    "exit_group",
    "ptrace",
    "anti_debugging",
)
NAMES: Final = ("sh", "worker", "ls", "x")
EXECUTABLES: Final = ("/bin/sh", "/bin/ls", "/bin/cat")
IDS: Final = (1, 10, 11, 20, 21)
VALUES: Final[dict[Key, tuple[Value, ...]]] = {
    Key.COMM: tuple(Pattern(name.encode()) for name in NAMES),
    Key.UTS: (Pattern(b"web"), Pattern(b"new")),
    Key.UID: (0, 5, 6),
    Key.PID: (NEW, NEW, *IDS),
    Key.MNTNS: (0, 3, 7),
    Key.PIDNS: (4, 8),
    Key.BINARY: tuple(Binary(p.encode(), inode) for p in EXECUTABLES for inode in (None, 3, 7)),
    Key.CONTAINER: (NEW, NEW, ContainerId("ab"), ContainerId("cd")),
    Key.IN_CONTAINER: (True,),
    Key.TREE: (1, 10, 20),
}
"""Filter values that occur in the generated journals."""


class JournalGenerator(ScopeGenerator):
    """Generator of scopes, and of journals in which processes start or cease to match them."""

    def __init__(self, random: Random, before: Iterable[Data]) -> None:
        super().__init__(random)
        self.state: State = read_state(before)
        self.journal: list[Data] = []
        self.calls: dict[int, str] = {}

    def scopes_with_follow(self) -> tuple[Scope, ...]:
        """Return one or two scopes, half of them with ``follow``."""
        numbers = sorted({1, 1 + self.random.randrange(64)})
        return tuple(self.scope_with_follow(number) for number in numbers)

    def scope_with_follow(self, number: int) -> Scope:
        """Return a scope with one or two conditions."""
        found = set()
        for _ in range(1 + self.random.randrange(2)):
            key = self.random.choice(tuple(Key))
            op = self.random.choice(EQUALITY)
            found.add(Condition(key, op, self.random.choice(VALUES[key])))
        events = {"openat", *(name for name in EVENTS if self.one_in(2))}
        return Scope(number, frozenset(events), frozenset(found), self.one_in(2))

    def generate(self, scopes: Sequence[Scope], steps: int) -> list[Data]:
        """Return a journal of `steps` steps."""
        for _ in range(steps):
            data = self.next_step()
            self.journal.append(data)
            if data["do"] == "enter" and data["call"] != "exit_group":
                self.calls[data["tid"]] = data["call"]
            if data["do"] not in ("event", "enter", "return"):
                self.state = step(scopes, self.state, read_change(data))
                self.calls = {tid: self.calls[tid] for tid in self.calls.keys() & self.state.tasks}
        return self.journal

    def next_step(self) -> Data:
        """Return a step that is possible in the current state."""
        tid = self.random.choice(sorted(self.state.tasks))
        if tid in self.calls:
            return self.in_syscall(tid, self.calls.pop(tid))
        return {"tid": tid} | self.random.choice(
            (
                self.fork(tid), self.fork(tid), self.thread(tid), self.exec_(), self.exec_(),
                self.change(), self.change(), self.change(), self.event(), self.event(),
                self.event(), self.exit_(tid), self.enter(tid),
            )
        )  # fmt: skip

    def in_syscall(self, tid: int, call: str) -> Data:
        """Return a step of a task in a syscall: an exec, or the exit of the syscall."""
        if call == "execve" and self.one_in(2):
            return {"tid": tid} | self.exec_()
        return {"tid": tid, "do": "return", "call": call}

    def enter(self, tid: int) -> Data:
        """Return the entry of a syscall; one in three does not return."""
        call = self.random.choice(("setuid", "execve", "exit_group"))
        return {"do": "enter", "call": call, "tid": tid}

    def fork(self, tid: int) -> Data:
        """Return a fork; ids of exited processes are reused."""
        free = [id_ for id_ in (20, 30, 40) if not self.is_used(id_)]
        child = free[0] if free else max(self.state.tasks) + 1
        return {"do": "fork", "tid": tid, "child_pid": child, "child_tid": child}

    def is_used(self, id_: int) -> bool:
        """Whether a running task or process has the id."""
        return any(id_ in (task.pid, task.tid) for task in self.state.tasks.values())

    def thread(self, tid: int) -> Data:
        """Return the start of a thread."""
        pid = self.state.facts(tid).pid
        child = max(max(task.pid, task.tid) for task in self.state.tasks.values()) + 1
        return {"do": "fork", "child_pid": pid, "child_tid": child}

    def exec_(self) -> Data:
        """Return an exec, without its task."""
        path = self.random.choice(EXECUTABLES)
        inode = self.random.choice(("3", "3", "7"))
        name = path.rpartition("/")[2]
        return {"do": "exec", "binary": {"path": path, "mntns": inode}, "comm": name}

    def change(self) -> Data:
        """Return a change of one fact of a task."""
        container = self.random.choice(
            (None, {"id": "abc", "new": True}, {"id": "abc", "new": False}, {"id": "cde"})
        )
        changes: tuple[Data, ...] = (
            {"do": "set_uid", "uid": self.random.choice((0, 5, 6))},
            {"do": "set_comm", "comm": self.random.choice(NAMES)},
            {"do": "set_namespaces", "mntns": self.random.choice(("3", "7"))},
            {"do": "set_namespaces", "pidns": "8", "uts": "new"},
            {"do": "set_container", "container": container},
        )
        return self.random.choice(changes)

    def event(self) -> Data:
        """Return an event, one in five with an event derived from it."""
        if self.one_in(5):
            return {"do": "event", "name": "ptrace", "derived": [{"name": "anti_debugging"}]}
        return {"do": "event", "name": "openat"}

    def exit_(self, tid: int) -> Data:
        """Return the exit of a task; process 1 never exits."""
        return {"do": "exit"} if tid != 1 else self.event()
