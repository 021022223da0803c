# SPDX-License-Identifier: Apache-2.0
"""Shares of a buffer: the promise to scopes within theirs, and what others may do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracee_ref.abi import SCOPES_MAX
from tracee_ref.shares import Shares, burst, lowest_bit, shared, turn

CAPACITY = 1 << 14
ITEM = 40
"""Longest item: the sixteenth that is left has room for one of each of 25 scopes."""


class Buffer:
    """A buffer of which the first scope takes no more than its share."""

    def __init__(self, scopes: int) -> None:
        self.shares = Shares(scopes, CAPACITY)
        self.count = scopes.bit_count()
        self.first = scopes & -scopes
        self.used = self.position = self.owed = 0

    def read(self, size: int) -> None:
        size = min(size, self.used)
        self.used -= size
        self.position += size

    def write(self, mask: int, size: int) -> bool:
        """Try to put in an item; return whether it was."""
        admitted = self.shares.admit(mask, size, self.used, self.position)
        self.used += size * admitted
        assert self.used <= CAPACITY
        return admitted

    def write_of_first(self, size: int, others: int) -> None:
        """Put in an item of the first scope, and of others, if its share has room for it."""
        after = max(self.owed, self.position) + self.count * size
        if after <= self.position + burst(CAPACITY):
            self.owed = after
            assert self.write(self.first | others, size)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["flood", "flood", "first", "read", "read", "drain"]),
        st.integers(1, ITEM),
        st.integers(0, 2**SCOPES_MAX - 1),
        st.integers(1, 400),
    ),
    max_size=60,
)


@given(st.integers(1, 25), st.integers(0, 39), STEPS)
def test_shares_promise(count: int, first: int, steps: list[tuple[str, int, int, int]]) -> None:
    """A scope within its share loses nothing, and the buffer never overflows."""
    scopes = (1 << count) - 1 << first
    buffer = Buffer(scopes)
    for step, size, mask, times in steps:
        others = mask & scopes & ~buffer.first
        for _ in range(times):
            if step == "first":
                buffer.write_of_first(size, others)
            elif step == "flood" and others:
                buffer.write(others, size)
            elif step in {"read", "drain"}:
                buffer.read(size if step == "read" else CAPACITY)


def filled(shares: Shares, mask: int) -> int:
    """Put in items of 8 bytes until one is refused; return how much was."""
    used = 0
    while used < CAPACITY and shares.admit(mask, 8, used, 0):
        used += 8
    return used


def test_shares_of_one_scope() -> None:
    """A scope alone has the whole buffer."""
    assert filled(Shares(1 << 63, CAPACITY), 1 << 63) == CAPACITY


@pytest.mark.parametrize("count", [2, 3, 64])
def test_shares_are_equal(count: int) -> None:
    """Each scope that floods gets the shared half and its share, or only that of a later one."""
    shares = Shares((1 << count) - 1, CAPACITY)
    first = filled(shares, 1)
    assert first == pytest.approx(shared(CAPACITY) + burst(CAPACITY) / count, abs=16)
    used = first
    for scope in range(1, count):
        before = used
        while shares.admit(1 << scope, 8, used, 0):
            used += 8
        assert used - before == pytest.approx(burst(CAPACITY) / count, abs=16)


def test_shares_come_back() -> None:
    """What is read comes back, to each scope its part, whether others use theirs or not."""
    shares = Shares(0b11, CAPACITY)
    used = filled(shares, 1)
    admitted = [shares.admit(1, 8, used, position) for position in range(8, 808, 8)]
    assert sum(admitted) == 50
    assert shares.admit(0b11, 8, used, 800)
    assert not shares.admit(1, 8, used, 800)


def test_shares_turns() -> None:
    """Of several scopes over their shares, each has its turn."""
    mask = 1 << 3 | 1 << 40 | 1 << 63
    assert lowest_bit(mask) == 3
    assert [turn(mask, part << 12) for part in (0, 3, 4, 40, 41, 63, 64)] == [
        *(3, 3, 40, 40, 63, 63, 3)
    ]
