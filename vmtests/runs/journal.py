# SPDX-License-Identifier: Apache-2.0
"""Journal of a workload: its steps, in the order of their start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vmtests.workload.layout import JOURNAL, NO_TEXT, PLAN, RECORD, Kind


@dataclass(frozen=True)
class NewTask:
    """A created task: its tid, its tid in its own pid namespace, and that namespace."""

    tid: int
    inner_tid: int
    pidns: int


@dataclass(frozen=True)
class Record:
    """A step and its result; ``done`` is False for one that did not return.

    ``pid`` and ``tid`` are those at its start (in the initial pid namespace); ``result`` is the
    return value of the syscall.
    """

    kind: Kind
    done: bool
    pid: int
    tid: int
    result: int
    text: bytes
    a: tuple[int, ...]

    @property
    def child(self) -> NewTask | None:
        """The task that the step created, if it is a fork or a new thread."""
        creates = self.kind in (Kind.FORK, Kind.THREAD)
        return NewTask(*self.a[1:4]) if creates else None

    def __str__(self) -> str:
        text = f" {self.text!r}" if self.text else ""
        result = f" = {self.result}" if self.done else ""
        arguments = ",".join(map(str, self.a))
        return f"{self.pid}/{self.tid} {self.kind.name.lower()} {arguments}{text}{result}"


def unpack_journal(journal: bytes, plan: bytes) -> Iterator[Record]:
    """Yield the records of a journal; their strings are in the string area of its plan."""
    strings = PLAN.unpack_from(plan)[1]
    for kind, done, pid, tid, result, offset, *a in RECORD.iter_unpack(journal[JOURNAL.size :]):
        end = plan.find(b"\0", strings + offset)
        text = plan[strings + offset : end] if offset != NO_TEXT else b""
        yield Record(Kind(kind), bool(done), pid, tid, result, text, tuple(a))
