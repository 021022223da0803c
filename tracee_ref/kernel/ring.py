# SPDX-License-Identifier: Apache-2.0
"""Reader of a BPF ring buffer in its shared memory (kernel/bpf/ringbuf.c).

BCC calls Python by ctypes for every record, which takes longer than everything else.
"""

from __future__ import annotations

import heapq
import mmap
from collections.abc import Callable, Sequence
from struct import Struct
from typing import Final

from ..abi import HEADER

BUSY: Final = 1 << 31
"""The record is still being written."""

DISCARDED: Final = 1 << 30
HEADER_BYTES: Final = 8
ALIGNMENT: Final = 8

FULL_READS: Final = 64
TIME: Final = Struct("=Q")
TIME_AT: Final = HEADER.offset("time")


class RingReader:
    """The consumer of one ring buffer of ``size`` bytes."""

    def __init__(self, fd: int, size: int) -> None:
        page = mmap.PAGESIZE
        self._mask = size - 1
        self._consumer = mmap.mmap(fd, page, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        # The kernel can map the data twice in a row, so that no record is split, but counts it
        # twice as our memory.
        self._producer = mmap.mmap(fd, page + size, mmap.MAP_SHARED, mmap.PROT_READ, offset=page)
        self._consumed = memoryview(self._consumer).cast("Q")
        self._produced = memoryview(self._producer)[:page].cast("Q")
        self._data = memoryview(self._producer)[page:]
        self._lengths = self._data.cast("I")

    def is_filling(self) -> bool:
        """Return whether more than a sixteenth of the buffer waits to be read."""
        waiting: int = self._produced[0] - self._consumed[0]
        return waiting > self._mask >> 4

    def consume(self, position: int) -> None:
        """Free the records before a position."""
        self._consumed[0] = position

    def waiting(self, limit: int) -> tuple[list[bytes], int]:
        """Return copies of at most ``limit`` records, and the position of the next one."""
        data, lengths, mask = self._producer, self._lengths, self._mask
        position, end = self._consumed[0], self._produced[0]
        records: list[bytes] = []
        first, data_end = mmap.PAGESIZE + HEADER_BYTES, mmap.PAGESIZE + mask + 1
        for _ in range(limit):
            at = position & mask
            if position >= end or (length := lengths[at >> 2]) & BUSY:
                break
            start = first + at
            stop = start + (length & ~DISCARDED)
            position += (stop - start + HEADER_BYTES + ALIGNMENT - 1) & -ALIGNMENT
            if length & DISCARDED:
                continue
            record = data[start:stop]
            if stop > data_end:
                record += data[mmap.PAGESIZE : mmap.PAGESIZE + stop - data_end]
            records.append(record)
        return records, position

    def close(self) -> None:
        """Unmap the memory."""
        for view in (self._consumed, self._produced, self._lengths, self._data):
            view.release()
        self._consumer.close()
        self._producer.close()


class Rings:
    """The ring buffers of a run; the first is read before others."""

    def __init__(self, rings: Sequence[RingReader]) -> None:
        self._rings = rings
        self._full_reads = 0

    def read(self, handle: Callable[[list[bytes]], None], limit: int) -> int:
        """Pass waiting records to a function; return their number.

        Those of several buffers are merged by time; those of one stay in their order, in which CPUs
        reserved room for them.  They are consumed when the function has returned or raised.

        As long as the first buffer has ``limit`` records or more, another one is read while it
        fills, as a flood in the first must not make it overflow, and else once in FULL_READS times.
        """
        first, *others = self._rings
        records, position = first.waiting(limit)
        consumed = [(first, position)]
        self._full_reads += len(records) >= limit
        in_turn = len(records) < limit or self._full_reads % FULL_READS == 0
        for ring in others:
            if in_turn or ring.is_filling():
                more, position = ring.waiting(limit)
                consumed.append((ring, position))
                if more:
                    records = [*heapq.merge(records, more, key=time_of)]
        try:
            if records:
                handle(records)
        finally:
            for ring, position in consumed:
                ring.consume(position)
        return len(records)

    def is_filling(self) -> bool:
        """Return whether the first buffer fills."""
        return self._rings[0].is_filling()

    def close(self) -> None:
        """Unmap the memory."""
        for ring in self._rings:
            ring.close()


def time_of(record: bytes) -> int:
    """Return the time in the header of a record."""
    return int(TIME.unpack_from(record, TIME_AT)[0])
