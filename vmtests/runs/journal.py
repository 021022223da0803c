# SPDX-License-Identifier: Apache-2.0
"""Journal of a workload: its steps, in the order of their start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vmtests.workload.layout import JOURNAL, JOURNAL_ENTRY, NO_TEXT, PLAN, Kind


@dataclass(frozen=True)
class NewTask:
    """A created task: its tid, its tid in its own pid namespace, and that namespace."""

    tid: int
    inner_tid: int
    pidns: int


@dataclass(frozen=True)
class JournalStep:
    """A step and its result, ``struct journal_entry`` of plan.h.

    ``returned`` is False for a step that did not return, such as a successful exec.
    ``pid`` and ``tid`` are those at its start (in the initial pid namespace); ``result`` is the
    return value of the syscall, and ``at_return`` the string that an OVERWRITE left.  What the
    arguments ``a`` mean depends on the kind.
    """

    kind: Kind
    returned: bool
    pid: int
    tid: int
    result: int
    text: bytes
    a: tuple[int, ...]
    at_return: bytes = b""

    @property
    def call(self) -> int:
        """The number of the event of a CALL or an OVERWRITE."""
        return self.a[0]

    @property
    def call_arguments(self) -> tuple[int, ...]:
        return self.a[1:]

    @property
    def uid(self) -> int:
        return self.a[0]

    @property
    def code(self) -> int:
        return self.a[0]

    @property
    def signal(self) -> int:
        return self.a[0]

    @property
    def block(self) -> int:
        """The block of the new image of an EXEC."""
        return self.a[0]

    @property
    def child(self) -> NewTask | None:
        """The task that the step created, if it is a fork or a new thread."""
        creates = self.kind in (Kind.FORK, Kind.THREAD)
        return NewTask(*self.a[1:4]) if creates else None

    def __str__(self) -> str:
        text = f" {self.text!r}" if self.text else ""
        if self.kind is Kind.OVERWRITE:
            text += f" -> {self.at_return!r}"
        result = f" = {self.result}" if self.returned else ""
        arguments = ",".join(map(str, self.a))
        return f"{self.pid}/{self.tid} {self.kind.name.lower()} {arguments}{text}{result}"


def unpack_journal(journal: bytes, plan: bytes) -> Iterator[JournalStep]:
    """Yield the steps of a journal; their strings are in the string area of its plan."""
    strings = PLAN.unpack_from(plan)[1]
    steps = JOURNAL_ENTRY.iter_unpack(journal[JOURNAL.size :])
    for kind, returned, pid, tid, result, offset, *a, at_return in steps:
        end = plan.find(b"\0", strings + offset)
        text = plan[strings + offset : end] if offset != NO_TEXT else b""
        left = at_return.partition(b"\0")[0]
        yield JournalStep(Kind(kind), bool(returned), pid, tid, result, text, tuple(a), left)
