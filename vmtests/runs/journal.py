"""The journal of a workload: what was done, in the order in which it was begun."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vmtests.workload.layout import JOURNAL, NO_TEXT, PLAN, RECORD, Kind


@dataclass(frozen=True)
class Born:
    """A new task: its thread id, the same in its own pid namespace, and which that is."""

    tid: int
    inner_tid: int
    pidns: int


@dataclass(frozen=True)
class Record:
    """What became of a step; ``done`` is False for one that did not return.

    ``pid`` and ``tid`` are those of its beginning (in the initial pid namespace), ``result``
    is what the kernel answered.
    """

    kind: Kind
    done: bool
    pid: int
    tid: int
    result: int
    text: bytes
    a: tuple[int, ...]

    @property
    def born(self) -> Born | None:
        """Who began with this record, if it is that of a fork or of a new thread."""
        birth = self.kind in (Kind.FORK, Kind.THREAD)
        return Born(*self.a[1:4]) if birth else None

    def __str__(self) -> str:
        text = f" {self.text!r}" if self.text else ""
        result = f" = {self.result}" if self.done else ""
        arguments = ",".join(map(str, self.a))
        return f"{self.pid}/{self.tid} {self.kind.name.lower()} {arguments}{text}{result}"


def unpack_journal(journal: bytes, plan: bytes) -> Iterator[Record]:
    """The records of a journal; texts are in the plan that it is of."""
    texts = PLAN.unpack_from(plan)[1]
    for kind, done, pid, tid, result, place, *a in RECORD.iter_unpack(journal[JOURNAL.size :]):
        end = plan.find(b"\0", texts + place)
        text = plan[texts + place : end] if place != NO_TEXT else b""
        yield Record(Kind(kind), bool(done), pid, tid, result, text, tuple(a))
