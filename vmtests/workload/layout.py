# SPDX-License-Identifier: Apache-2.0
"""Binary layout of plan and journal files, as in plan.h."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct

ARGUMENTS = 5
GATES = 64
AT_RETURN_BYTES = 64
STEP = Struct("=Iiq5q")
BLOCK = Struct("=II")
PLAN = Struct("=II")
JOURNAL = Struct(f"=II{GATES}I")
JOURNAL_ENTRY = Struct(f"=IIIIqq5q{AT_RETURN_BYTES}s")
NO_TEXT = -1


class Kind(IntEnum):
    """``enum kind`` of plan.h."""

    STARTED = 1
    CALL = 2
    SET_COMM = 3
    SET_UID = 4
    FORK = 5
    THREAD = 6
    EXEC = 7
    WAIT = 8
    REAP = 9
    GATE = 10
    OPEN = 11
    SETTLE = 12
    PARK = 13
    EXIT = 14
    EXIT_GROUP = 15
    DIE = 16
    SET_UTS = 17
    NEW_MNTNS = 18
    JOIN_MNTNS = 19
    NEW_CGROUP = 20
    JOIN_CGROUP = 21
    OVERWRITE = 22


@dataclass(frozen=True)
class Step:
    """One step of a block; the address of the string replaces argument ``text_at`` of a call."""

    kind: Kind
    a: tuple[int, ...] = ()
    text: bytes | None = None
    text_at: int = -1


def pack_plan(blocks: Sequence[Sequence[Step]]) -> bytes:
    table, steps, strings = b"", bytearray(), bytearray()
    for block in blocks:
        table += BLOCK.pack(len(steps) // STEP.size, len(block))
        for step in block:
            a = step.a + (0,) * (ARGUMENTS - len(step.a))
            steps += STEP.pack(step.kind, step.text_at, _string_offset(step, strings), *a)
    start = PLAN.size + len(table)
    return PLAN.pack(start, start + len(steps)) + table + steps + strings


def _string_offset(step: Step, strings: bytearray) -> int:
    """Append the string of a step; return its offset, or NO_TEXT."""
    if step.text is None:
        return NO_TEXT
    offset = len(strings)
    strings += step.text + b"\0"
    return offset


def empty_journal(capacity: int) -> tuple[bytes, int]:
    """Return the head of an empty journal, and the size of its file in bytes."""
    head = JOURNAL.pack(0, capacity, *[0] * GATES)
    return head, len(head) + capacity * JOURNAL_ENTRY.size


def used_bytes(journal: bytes) -> int:
    """Return the number of used bytes of a journal, given its head."""
    return JOURNAL.size + int(JOURNAL.unpack_from(journal)[0]) * JOURNAL_ENTRY.size
