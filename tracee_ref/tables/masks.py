# SPDX-License-Identifier: Apache-2.0
"""What values say of scopes: the form that every table but those of intervals has.

Rule 4 in two masks: a scope's `=` values are alternatives, so one of them must be met; each of
its `!=` values must not be.  The mask of a fact is ``(equal | unasked) & ~excluded``, joined
over all the values that it meets.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from struct import pack
from typing import Any, Final, Generic, TypeVar

from model.scope import NEW, Condition, Key, New, Op, Pattern, Scope

from .intervals import ALL

VALUE_BYTES: Final = 16
"""Of a single value: a name and its NUL, or a number and zeros."""

Place = TypeVar("Place", bound=Hashable)


@dataclass(slots=True)
class Verdict:
    """The scopes of which a value is an ``=`` value, and those that exclude it (rule 4)."""

    equal: int = 0
    excluded: int = 0

    def join(self, op: Op, bit: int) -> None:
        """Note that one scope names the value with ``=`` or ``!=``."""
        if op is Op.EQ:
            self.equal |= bit
        else:
            self.excluded |= bit

    def meet(self, other: Verdict) -> None:
        """Take in what another value says that the same fact meets."""
        self.equal |= other.equal
        self.excluded |= other.excluded

    def mask(self, unasked: int) -> int:
        """Return the mask of a fact that meets these values."""
        return (self.equal | unasked) & ~self.excluded


@dataclass(frozen=True, slots=True)
class Verdicts(Generic[Place]):
    """What each value that a flag mentions says; ``unasked`` scopes have no ``=`` value."""

    of: Mapping[Place, Verdict]
    unasked: int

    def joined(self, met: Iterable[Place]) -> Verdict:
        """Return what these values say together."""
        joined = Verdict()
        for place in met:
            joined.meet(self.of.get(place, NOTHING))
        return joined

    def mask(self, met: Iterable[Place]) -> int:
        """Return the mask of a fact that meets all these values at once."""
        return self.joined(met).mask(self.unasked)


NOTHING: Final = Verdict()


def conditions_of(scopes: Sequence[Scope], key: Key) -> Iterable[tuple[int, Condition]]:
    """Give every condition on a key, with the bit of its scope."""
    return ((scope.bit, c) for scope in scopes for c in scope.process.get(key, ()))


def unasked(scopes: Sequence[Scope], key: Key) -> int:
    """Return the scopes without an ``=`` value of the key; absent scopes count as such."""
    asked = (s.bit for s in scopes if any(c.op is Op.EQ for c in s.process.get(key, ())))
    return ALL - sum(asked)


def verdicts(
    scopes: Sequence[Scope], key: Key, place_of: Callable[[Any], Place | None]
) -> Verdicts[Place]:
    """Return the table of a key; ``place_of`` gives a value's place, None to leave it out."""
    found: dict[Place, Verdict] = {}
    for bit, condition in conditions_of(scopes, key):
        place = place_of(condition.value)
        if place is not None:
            found.setdefault(place, Verdict()).join(condition.op, bit)
    return Verdicts(found, unasked(scopes, key))


def single_values(scopes: Sequence[Scope], key: Key) -> Verdicts[bytes]:
    """Return the table of names without ``*`` (rule 8), or of numbers without an order (rule 9)."""
    return verdicts(scopes, key, value_bytes)


def value_bytes(value: Pattern | int | New) -> bytes | None:
    """Return a value as the kernel compares it; None for ``new``, which is none of those."""
    if value is NEW:
        return None
    text = value.text if isinstance(value, Pattern) else pack("Q", value)
    return text.ljust(VALUE_BYTES, b"\0")
