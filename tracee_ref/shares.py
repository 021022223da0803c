# SPDX-License-Identifier: Apache-2.0
"""Shares of scopes in a buffer that fills: none takes the room of another.

A buffer is first come, first served while at most half of it is used.  Beyond that an item needs
a scope that is within its share, and is lost otherwise, whatever room is left.  Of what the reader
takes out, each of N scopes may put in one Nth, and once ``burst`` / N more; so

- a scope that never puts in more than that loses nothing, whatever the other scopes do;
- together, scopes within their shares cannot fill the buffer.

A scope's account is one number: the position of the reader, as bytes read since the start, at
which it will have got back what it put in.  It is the theoretical arrival time of the generic cell
rate algorithm (ITU-T I.371), with the reader as the clock.  bpf/lib/shares.h does the same in the
kernel; vmtests/test_shares.py compares both.
"""

from __future__ import annotations

from typing import Final

from .abi import SCOPES_MAX

TURN_SHIFT: Final = 12
"""Another scope has its turn after this power of two of bytes."""


def shared(capacity: int) -> int:
    """Return how much of a buffer is used before shares count."""
    return capacity // 2


def burst(capacity: int) -> int:
    """Return what all scopes together may put in beyond that before the reader takes more out.

    A sixteenth of the buffer is left for items that several CPUs put in at one time.
    """
    return capacity // 2 - capacity // 16


class Shares:
    """Accounts of the scopes in the mask ``scopes``, for a buffer of ``capacity`` bytes or items.

    With one scope, no item is refused.
    """

    def __init__(self, scopes: int, capacity: int) -> None:
        self._count = scopes.bit_count()
        self._shared, self._burst = shared(capacity), burst(capacity)
        self._spent = [0] * SCOPES_MAX
        self._over = 0

    def admit(self, mask: int, size: int, waiting: int, position: int) -> bool:
        """Return whether an item of the scopes in ``mask`` may be put in; charge one of them.

        ``waiting`` is what the buffer has, ``position`` what was ever taken out of it.
        """
        if self._count < 2 or waiting <= self._shared:
            return True
        spent, limit = self._spent, position + self._burst
        within = mask & ~self._over
        scope = lowest_bit(within) if within else turn(mask, position)
        if not within and spent[scope] >= limit:
            return False
        spent[scope] = max(spent[scope], position) + self._count * size
        self._over &= ~(1 << scope)
        self._over |= (spent[scope] >= limit) << scope
        return True


def lowest_bit(mask: int) -> int:
    """Return the index of the lowest bit."""
    return (mask & -mask).bit_length() - 1


def turn(mask: int, position: int) -> int:
    """Return the index of a bit, another one as the reader goes on.

    Of several scopes over their shares one is looked at: it may be within its share again.
    """
    first = position >> TURN_SHIFT & SCOPES_MAX - 1
    return lowest_bit(mask >> first << first or mask)
