# SPDX-License-Identifier: Apache-2.0
"""A filter on numbers: one set of values and one window for each scope (sections 1.3, 2.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from model.filters import Op, Pattern


@dataclass(slots=True)
class NumberFilter:
    """All values that the flags of one name give in one scope.

    ``low`` is the lowest value after ``>``, ``high`` the highest after ``<``: of several
    bounds the weakest counts.
    """

    equal: set[int] = field(default_factory=set)
    unequal: set[int] = field(default_factory=set)
    low: int | None = None
    high: int | None = None

    def add(self, op: Op, value: int) -> None:
        """Take in one value; ``>=v`` is kept as ``=v`` and ``>v``, ``<=v`` likewise."""
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
        """Section 2.2: what the map's entry says; ``=`` wins over ``!=``, None is no entry."""
        if value in self.equal:
            return True
        return False if value in self.unequal else None

    @property
    def others(self) -> bool:
        """Section 2.2: what happens to values without an entry."""
        bounded = self.low is not None or self.maximum is not None
        return bool(not self.equal or self.unequal or bounded)

    def in_window(self, value: int) -> bool:
        """Section 3.1: the strict window that userland asks for again, ``=`` or not."""
        above = self.low is None or value > self.low
        return above and (self.maximum is None or value < self.maximum)

    def userland(self, value: int) -> bool:
        """Section 3.3: of return values and of numbers in the context; the bounds are ORed."""
        above = self.low is not None and value > self.low
        below = self.high is not None and value < self.high
        return value in self.equal or above or below


KEY_BYTES: Final = 16
"""What the kernel's maps hold of a text, its NUL included; longer values are never found."""


@dataclass(slots=True)
class TextFilter:
    """All values that the flags of one name give in one scope."""

    equal: list[Pattern] = field(default_factory=list)
    unequal: list[Pattern] = field(default_factory=list)

    def add(self, op: Op, value: Pattern) -> None:
        """Take in one value."""
        (self.equal if op is Op.EQ else self.unequal).append(value)

    def kernel(self, value: bytes) -> bool:
        """Sections 2.2 and 2.5: only values without ``*`` are in the map, and ``=`` wins."""
        if any(value == one.text for one in self.equal if in_map(one)):
            return True
        excluded = any(value == one.text for one in self.unequal if in_map(one))
        return not excluded and self.others

    @property
    def others(self) -> bool:
        """Section 2.2: what happens to values that are not in the map.

        A value with ``*`` on both sides counts for nothing here.
        """
        asked = any(not contains(one) for one in self.equal)
        return not asked or any(not contains(one) for one in self.unequal)

    def userland(self, value: bytes) -> bool:
        """Section 3.4: one of the ``=`` values, or else, with any ``!=``, none of those."""
        if any(one.matches(value) for one in self.equal):
            return True
        return bool(self.unequal) and not any(one.matches(value) for one in self.unequal)


def in_map(pattern: Pattern) -> bool:
    """Whether the kernel can find the value."""
    return pattern.exact and len(pattern.text) < KEY_BYTES


def contains(pattern: Pattern) -> bool:
    """Whether ``*`` stands on both sides."""
    return pattern.open_start and pattern.open_end
