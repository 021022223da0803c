# SPDX-License-Identifier: Apache-2.0
"""Tables of exact values: value -> scopes with KEY=value, and with KEY!=value.

Rule 4 as two masks.  The ``=`` values of a scope are alternatives, so a fact (a property of
a process) must match one of them, and it must match none of the ``!=`` values.  A fact can
match several values (for ``tree``, its own id and that of each ancestor): their masks are ORed.
The scopes that accept the fact are then ``(equal | without_equal) & ~excluded``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from struct import pack
from typing import Any, Final, Generic, TypeVar

from ..model.scope import NEW, Condition, Key, New, Op, Pattern, Scope
from .intervals import ALL_SCOPES

VALUE_BYTES: Final = 16
"""Size of an exact value as the kernel side compares it: two u64, padded with zeros.

Names have at most 15 bytes and a NUL (TASK_COMM_LEN), numbers 8 bytes in host order.
"""

Value = TypeVar("Value", bound=Hashable)


@dataclass(slots=True)
class ScopeMasks:
    """For one value: the scopes with ``=``, and those with ``!=`` (rule 4)."""

    equal: int = 0
    excluded: int = 0

    def add(self, op: Op, bit: int) -> None:
        """Add the scope with this bit to the mask of its operator."""
        if op is Op.EQ:
            self.equal |= bit
        else:
            self.excluded |= bit

    def merge(self, other: ScopeMasks) -> None:
        """Add the scopes of another value that the same fact matches."""
        self.equal |= other.equal
        self.excluded |= other.excluded

    def accepted(self, without_equal: int) -> int:
        """Return the scopes that accept a fact with these masks."""
        return (self.equal | without_equal) & ~self.excluded


@dataclass(frozen=True, slots=True)
class MaskTable(Generic[Value]):
    """The masks of each value in a filter.

    ``without_equal`` is the mask of the scopes without an ``=`` value, which accept by default.
    """

    masks: Mapping[Value, ScopeMasks]
    without_equal: int

    def merged(self, values: Iterable[Value]) -> ScopeMasks:
        """Return the masks of a fact that matches all these values."""
        merged = ScopeMasks()
        for value in values:
            merged.merge(self.masks.get(value, ScopeMasks()))
        return merged

    def accepted(self, values: Iterable[Value]) -> int:
        """Return the scopes that accept a fact that matches all these values."""
        return self.merged(values).accepted(self.without_equal)


def conditions_of(scopes: Sequence[Scope], key: Key) -> Iterable[tuple[int, Condition]]:
    """Return every condition on a key, with the bit of its scope."""
    return ((scope.bit, c) for scope in scopes for c in scope.process.get(key, ()))


def scopes_without_equal(scopes: Sequence[Scope], key: Key) -> int:
    """Return the scopes without an ``=`` value of the key.

    Unused scope numbers are included: harmless, as they select no event.
    """
    equal = (s.bit for s in scopes if any(c.op is Op.EQ for c in s.process.get(key, ())))
    return ALL_SCOPES - sum(equal)


def mask_table(
    scopes: Sequence[Scope], key: Key, value_of: Callable[[Any], Value | None]
) -> MaskTable[Value]:
    """Return the table of a key, with its values as ``value_of`` converts them.

    Values for which it returns None are left out.
    """
    masks: dict[Value, ScopeMasks] = {}
    for bit, condition in conditions_of(scopes, key):
        value = value_of(condition.value)
        if value is not None:
            masks.setdefault(value, ScopeMasks()).add(condition.op, bit)
    return MaskTable(masks, scopes_without_equal(scopes, key))


def exact_values(scopes: Sequence[Scope], key: Key) -> MaskTable[bytes]:
    """Return the table of names (rule 8) or of numbers (rule 9).

    The caller must have checked that no name has ``*``: it would be compared as a byte.
    """
    return mask_table(scopes, key, value_bytes)


def value_bytes(value: Pattern | int | New) -> bytes | None:
    """Return a value as the kernel side compares it; None for ``new``, which has no bytes."""
    if value is NEW:
        return None
    text = value.text if isinstance(value, Pattern) else pack("Q", value)
    return text.ljust(VALUE_BYTES, b"\0")
