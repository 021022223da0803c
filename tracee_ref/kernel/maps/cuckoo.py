# SPDX-License-Identifier: Apache-2.0
"""Cuckoo hashing of ``value_table``: two candidate slots for each value.

The tables do not change while the tracer runs, so user space can search for an arrangement in which
two lookups find every value (Pagh and Rodler, 2001).  A BPF hash map has to hash, search and
compare in a helper, and takes several times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Final, TypeAlias

Words: TypeAlias = tuple[int, int]
"""A value as two u64; both zero is an empty slot."""

FACTORS: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93)
"""Odd multipliers of the hash."""

U64_MAX: Final = (1 << 64) - 1
MIN_BITS: Final = 3
SLOTS_PER_VALUE: Final = 4
"""At least; with a low load an arrangement nearly always exists."""

MOVES_MAX: Final = 100
"""Displacements for one insertion; more of them mean a cycle."""


def hash_defines(bits: int) -> dict[str, str]:
    """Return the C constants of ``join_value`` in bpf/match/values.h."""
    factors = {f"VALUE_FACTOR_{i}": f"{factor:#x}ULL" for i, factor in enumerate(FACTORS, 1)}
    return {"VALUE_BITS": str(bits), **factors}


def fitting_bits(values: Iterable[Words]) -> int:
    """Return the least number of hash bits (log2 of the slots) with which all values fit."""
    values = list(values)
    minimum = max(MIN_BITS, (SLOTS_PER_VALUE * len(values) - 1).bit_length())
    return next(bits for bits in count(minimum) if arranged(values, bits) is not None)


def arranged(values: Iterable[Words], bits: int) -> Mapping[int, Words] | None:
    """Return slot -> value; None if no arrangement was found."""
    slots: dict[int, Words] = {}
    return slots if all(_put(slots, value, bits) for value in values) else None


def _put(slots: dict[int, Words], value: Words, bits: int) -> bool:
    """Insert a value; displace values to their other slot.  Return whether that ended."""
    slot = candidate_slots(value, bits)[0]
    for _ in range(MOVES_MAX):
        displaced = slots.get(slot)
        slots[slot] = value
        if displaced is None:
            return True
        value = displaced
        slot = next((other for other in candidate_slots(value, bits) if other != slot), slot)
    return False


def candidate_slots(value: Words, bits: int) -> tuple[int, int]:
    """Return the two slots of a value, as in bpf/match/values.h."""
    first, second, last = FACTORS
    mixed = (value[0] * first + value[1] * second) & U64_MAX
    hashed = ((mixed ^ mixed >> 32) * last) & U64_MAX
    return hashed >> (64 - bits), (hashed << bits & U64_MAX) >> (64 - bits)
