# SPDX-License-Identifier: Apache-2.0
"""Records from which events are derived later, when no others wait to be read.

A packet or a slow signature can take a thousand times as long as a line.  While the ring buffer has
more records than one read takes, derivation waits here, and all else is printed; so what is
derived for one scope cannot make the kernel side lose the events of another.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from struct import Struct
from types import MappingProxyType
from typing import Final

from .. import abi
from ..events.event import TraceEvent

BYTES_MAX: Final = 64 << 20
"""Bytes of records that wait: 15,000 packets with payload."""

EVENT: Final = Struct("=I")
MASK: Final = Struct("=Q")
EVENT_AT: Final = abi.HEADER.offset("event")
MASK_AT: Final = abi.HEADER.offset("mask")


IN_ORDER: Final = 64
"""Part of the limit up to which records come back in their order, whatever their scopes."""


class Backlog:
    """Queue of records: few come back in the order in which they came, many by turns.

    Then the masks have turns, so that one with costly records does not keep the others waiting.

    ``selected`` has the scopes that selected each base event itself, by the event's number, and
    ``strip`` prepares the event for them.  Beyond ``limit`` bytes, the oldest record of the mask
    with most bytes is dropped: no scope loses by the flood of another.
    """

    def __init__(
        self,
        selected: Mapping[int, int] = MappingProxyType({}),
        strip: Callable[[TraceEvent], object] = id,
        limit: int = BYTES_MAX,
    ) -> None:
        self._selected = selected
        self.strip = strip
        self._limit = limit
        self._queues: dict[int, deque[tuple[int, bytes]]] = {}
        self._sizes: dict[int, int] = defaultdict(int)
        self._served: dict[int, int] = {}
        self._added = self._size = self._turns = 0
        self.dropped = 0

    def __bool__(self) -> bool:
        """Whether records wait."""
        return bool(self._queues)

    def is_base(self, record: bytes) -> bool:
        """Return whether events are derived from a record."""
        return bool(self._selected) and EVENT.unpack_from(record, EVENT_AT)[0] in self._selected

    def is_printed(self, record: bytes) -> bool:
        """Return whether a scope in the mask of a record selected its event itself."""
        selected = self._selected[EVENT.unpack_from(record, EVENT_AT)[0]]
        return bool(selected & MASK.unpack_from(record, MASK_AT)[0])

    def add(self, record: bytes) -> None:
        """Add a record; drop others beyond the limit, and count them."""
        (mask,) = MASK.unpack_from(record, MASK_AT)
        self._queues.setdefault(mask, deque()).append((self._added, record))
        self._added += 1
        self._sizes[mask] += len(record)
        self._size += len(record)
        while self._size > self._limit:
            self._take(max(self._sizes, key=self._sizes.__getitem__))
            self.dropped += 1

    def pop(self) -> bytes:
        """Remove and return the oldest record, or that of the mask whose turn it is."""
        if self._size <= self._limit // IN_ORDER:
            return self._take(min(self._queues, key=lambda mask: self._queues[mask][0]))
        mask = min(self._queues, key=lambda mask: self._served.get(mask, 0))
        self._turns += 1
        self._served[mask] = self._turns
        return self._take(mask)

    def drop_all(self) -> None:
        """Drop the records that are left, and count them."""
        self.dropped += sum(map(len, self._queues.values()))
        self._queues.clear()
        self._sizes.clear()
        self._size = 0

    def _take(self, mask: int) -> bytes:
        queue = self._queues[mask]
        _, record = queue.popleft()
        self._sizes[mask] -= len(record)
        self._size -= len(record)
        if not queue:
            del self._queues[mask], self._sizes[mask]
            self._served.pop(mask, None)
        return record
