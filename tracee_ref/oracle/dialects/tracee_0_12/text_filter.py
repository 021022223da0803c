"""A filter on texts (sections 2.2, 2.5 and 3.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from model.filters import Op, Pattern

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
