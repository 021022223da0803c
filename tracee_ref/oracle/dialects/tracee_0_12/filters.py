# SPDX-License-Identifier: Apache-2.0
"""Filters of Tracee v0.12 on numbers and strings.

Tracee v0.12 facts, 1.3, 2.2, 2.5 and 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ....model.filters import Op, Pattern


@dataclass(slots=True)
class NumberFilter:
    """The values of all flags of one name in one scope.

    ``low`` is the lowest value after ``>``, ``high`` the highest after ``<``: of several
    bounds the weakest counts.
    """

    equal: set[int] = field(default_factory=set)
    unequal: set[int] = field(default_factory=set)
    low: int | None = None
    high: int | None = None

    def add(self, op: Op, value: int) -> None:
        """Add one value; ``>=v`` is stored as ``=v`` and ``>v``, ``<=v`` likewise."""
        if op in (Op.EQ, Op.GE, Op.LE):
            self.equal.add(value)
        if op is Op.NE:
            self.unequal.add(value)
        if op in (Op.GT, Op.GE):
            self.low = value if self.low is None else min(self.low, value)
        if op in (Op.LT, Op.LE):
            self.high = value if self.high is None else max(self.high, value)

    @property
    def maximum(self) -> int | None:
        """The upper bound as stored: 0 stands for none, so ``<=0`` means ``=0``."""
        return self.high or None

    def listed(self, value: int) -> bool | None:
        """Return the result of the map entry, None without one; ``=`` wins.

        Tracee v0.12 facts, 2.2.
        """
        if value in self.equal:
            return True
        return False if value in self.unequal else None

    @property
    def others(self) -> bool:
        """Whether values without a map entry match (Tracee v0.12 facts, 2.2)."""
        bounded = self.low is not None or self.maximum is not None
        return bool(not self.equal or self.unequal or bounded)

    def in_window(self, value: int) -> bool:
        """Whether a value is within both strict bounds, as user space checks.

        Tracee v0.12 facts, 3.1.
        """
        above = self.low is None or value > self.low
        return above and (self.maximum is None or value < self.maximum)

    def userland(self, value: int) -> bool:
        """Match a return value or a number of the context; bounds are ORed.

        Tracee v0.12 facts, 3.3.
        """
        above = self.low is not None and value > self.low
        below = self.high is not None and value < self.high
        return value in self.equal or above or below


KEY_BYTES: Final = 16
"""Size of a string in a map key with its NUL; longer values are never found."""


@dataclass(slots=True)
class TextFilter:
    """The values of all flags of one name in one scope."""

    equal: list[Pattern] = field(default_factory=list)
    unequal: list[Pattern] = field(default_factory=list)

    def add(self, op: Op, value: Pattern) -> None:
        """Add one value."""
        (self.equal if op is Op.EQ else self.unequal).append(value)

    def kernel(self, value: bytes) -> bool:
        """Match in the kernel: only values without ``*`` count, ``=`` wins.

        Tracee v0.12 facts, 2.2 and 2.5.
        """
        if any(value == pattern.text for pattern in self.equal if in_map(pattern)):
            return True
        excluded = any(value == pattern.text for pattern in self.unequal if in_map(pattern))
        return not excluded and self.others

    @property
    def others(self) -> bool:
        """Whether values without a map entry match (Tracee v0.12 facts, 2.2).

        A value with ``*`` on both sides does not count.
        """
        has_equal = any(not contains(pattern) for pattern in self.equal)
        return not has_equal or any(not contains(pattern) for pattern in self.unequal)

    def userland(self, value: bytes) -> bool:
        """Match any ``=`` value, or, if there is a ``!=`` value, none of these.

        Tracee v0.12 facts, 3.4.
        """
        if any(pattern.matches(value) for pattern in self.equal):
            return True
        return bool(self.unequal) and not any(pattern.matches(value) for pattern in self.unequal)


def in_map(pattern: Pattern) -> bool:
    """Whether the kernel can find the value."""
    return pattern.exact and len(pattern.text) < KEY_BYTES


def contains(pattern: Pattern) -> bool:
    """Whether the pattern has ``*`` on both sides."""
    return pattern.open_start and pattern.open_end
