# SPDX-License-Identifier: Apache-2.0
"""Cuckoo hashing: two lookups find every value, and no other."""

from __future__ import annotations

from struct import pack, unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracee_ref.kernel.maps.cuckoo import (
    SLOTS_PER_VALUE,
    Words,
    arranged,
    candidate_slots,
    fitting_bits,
)


def named(text: str) -> Words:
    first, second = unpack("2Q", text.encode().ljust(16, b"\0"))
    return first, second | 1 << 56


NUMBERED = {
    "threads": [named(f"n{i}") for i in range(8192)],
    "only their last byte differs": [named(f"worker-{chr(i)}") for i in range(33, 127)],
    "long": [named(f"kworker/u{i:06}") for i in range(8192)],
    "inode numbers": [(0xF0000000 + i, kind << 56) for i in range(8192) for kind in (3, 4)],
}


@pytest.mark.parametrize("values", NUMBERED.values(), ids=NUMBERED)
def test_fitting_bits_similar_values(values: list[Words]) -> None:
    assert 1 << fitting_bits(values) <= 2 * SLOTS_PER_VALUE * len(values)


words = st.tuples(st.integers(0, (1 << 64) - 1), st.integers(1, (1 << 64) - 1))


@given(st.sets(words | st.sampled_from(NUMBERED["long"]), max_size=50))
def test_arranged_slots_are_distinct(values: set[Words]) -> None:
    slots = arranged(values, fitting_bits(values))
    assert slots is not None
    assert sorted(slots.values()) == sorted(values)
    assert all(at in candidate_slots(value, fitting_bits(values)) for at, value in slots.items())


def test_arranged_too_many_values() -> None:
    assert arranged(NUMBERED["threads"][:9], 3) is None
    assert arranged([], 3) == {}


def test_candidate_slots_range() -> None:
    assert all(0 <= slot < 8 for i in range(100) for slot in candidate_slots((i, 1 << 56), 3))
    assert pack("2Q", *named("n1")) == b"n1" + bytes(13) + b"\1"
