"""The journal of a workload: what was done, in the order in which it was begun."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vmtests.workload.layout import JOURNAL, NO_TEXT, PLAN, RECORD, Kind


@dataclass(frozen=True)
class Record:
    """What became of a step; ``done`` is False for one that did not return.

    ``pid`` and ``tid`` are those of its beginning, ``result`` is what the kernel answered.
    """

    kind: Kind
    done: bool
    pid: int
    tid: int
    result: int
    text: bytes
    a: tuple[int, ...]

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
