# SPDX-License-Identifier: Apache-2.0
"""Where the elements of ``value_table`` lie: each in one of two slots that its hash names.

The tables do not change while the tracer runs, so user space can look for an arrangement in which
two looks find every value (cuckoo hashing: Pagh and Rodler, 2001); a BPF hash map has to hash,
search and compare in a helper, and takes several times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Final, TypeAlias

Words: TypeAlias = tuple[int, int]
"""A value as two numbers of 64 bits; never both zero, which is an empty slot."""

FACTORS: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93)
"""Odd numbers without a pattern."""

ALL: Final = (1 << 64) - 1
FEWEST_BITS: Final = 3
ROOM: Final = 4
"""Slots for each value at the least: with few of them in use there nearly always is a way."""

MOVES: Final = 100
"""Of values that give way to another; more of them mean a circle."""


def hash_defines(bits: int) -> dict[str, str]:
    """Return the C constants of ``join_value`` in bpf/match/values.h."""
    factors = {f"VALUE_FACTOR_{i}": f"{factor:#x}ULL" for i, factor in enumerate(FACTORS, 1)}
    return {"VALUE_BITS": str(bits), **factors}


def fitting_bits(values: Iterable[Words]) -> int:
    """Return how many bits of a hash name a slot, so that all values find one."""
    values = list(values)
    fewest = max(FEWEST_BITS, (ROOM * len(values) - 1).bit_length())
    return next(bits for bits in count(fewest) if arranged(values, bits) is not None)


def arranged(values: Iterable[Words], bits: int) -> Mapping[int, Words] | None:
    """Return slot -> value; None if there is no way, or none was found."""
    slots: dict[int, Words] = {}
    return slots if all(_put(slots, value, bits) for value in values) else None


def _put(slots: dict[int, Words], value: Words, bits: int) -> bool:
    """Give a value one of its slots; who had it goes to the other of its own, and so on."""
    at = places(value, bits)[0]
    for _ in range(MOVES):
        before = slots.get(at)
        slots[at] = value
        if before is None:
            return True
        value = before
        at = next((place for place in places(value, bits) if place != at), at)
    return False


def places(value: Words, bits: int) -> tuple[int, int]:
    """Return the two slots of a value, as ``join_value`` of bpf/match/values.h works them out."""
    first, second, last = FACTORS
    mixed = (value[0] * first + value[1] * second) & ALL
    hashed = ((mixed ^ mixed >> 32) * last) & ALL
    return hashed >> (64 - bits), (hashed << bits & ALL) >> (64 - bits)
