"""A filter on numbers: one set of values and one window for each scope (sections 1.3, 2.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from model.filters import Op


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
