# SPDX-License-Identifier: Apache-2.0
"""The backlog of derivation: its order, its limit, and whose records it drops."""

from __future__ import annotations

from tracee_ref.abi import HEADER
from tracee_ref.derivation.backlog import EVENT_AT, MASK_AT, Backlog

SIZE = HEADER.struct.size


def record(number: int, mask: int = 1, event: int = 701) -> bytes:
    data = bytearray(SIZE)
    data[:8] = number.to_bytes(8, "little")
    data[EVENT_AT : EVENT_AT + 4] = event.to_bytes(4, "little")
    data[MASK_AT : MASK_AT + 8] = mask.to_bytes(8, "little")
    return bytes(data)


def popped(backlog: Backlog) -> list[int]:
    numbers = []
    while backlog:
        numbers.append(int.from_bytes(backlog.pop()[:8], "little"))
    return numbers


def test_backlog_order() -> None:
    """Records come back in their order, whatever their masks."""
    backlog = Backlog()
    for number in range(20):
        backlog.add(record(number, mask=1 << number % 3))
    assert popped(backlog) == [*range(20)]
    assert backlog.dropped == 0


def test_backlog_turns() -> None:
    """Many records come back by turns of their masks, and each mask's in its order."""
    backlog = Backlog(limit=64 * 10 * SIZE)
    for number in range(100):
        backlog.add(record(number, mask=1))
    for number in range(100, 105):
        backlog.add(record(number, mask=2))
    order = popped(backlog)
    assert order[:10] == [0, 100, 1, 101, 2, 102, 3, 103, 4, 104]
    assert order[10:] == [*range(5, 100)]


def test_backlog_drops_of_heaviest() -> None:
    """Beyond the limit the oldest records of the mask with most bytes are dropped."""
    backlog = Backlog(limit=10 * SIZE)
    for number in range(3):
        backlog.add(record(number, mask=1))
    for number in range(3, 100):
        backlog.add(record(number, mask=2))
    assert backlog.dropped == 90
    assert popped(backlog) == [0, 93, 1, 94, 2, *range(95, 100)]


def test_backlog_bases() -> None:
    """Only events that others are derived from wait; a scope may have selected them, too."""
    backlog = Backlog({701: 0, 59: 2})
    assert not Backlog().is_base(b"")
    assert [backlog.is_base(record(0, event=event)) for event in (701, 59, 60)] == [
        True,
        True,
        False,
    ]
    assert not backlog.is_printed(record(0, mask=3))
    assert backlog.is_printed(record(0, mask=3, event=59))
    assert not backlog.is_printed(record(0, mask=1, event=59))
