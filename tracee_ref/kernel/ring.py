# SPDX-License-Identifier: Apache-2.0
"""Reader of a BPF ring buffer in its shared memory (kernel/bpf/ringbuf.c).

BCC calls Python by ctypes for every record, which takes longer than everything else.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import Final

BUSY: Final = 1 << 31
"""The record is still being written."""

DISCARDED: Final = 1 << 30
HEADER_BYTES: Final = 8
ALIGNMENT: Final = 8

BATCH: Final = 256
"""Records of one read; copies of more do not fit into the processor's caches."""


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

    def read(self, handle: Callable[[list[bytes]], None], limit: int) -> int:
        """Pass at most ``limit`` waiting records to a function; return their number.

        They are consumed when the function has returned or raised.
        """
        records, position = self._waiting(limit)
        try:
            if records:
                handle(records)
        finally:
            self._consumed[0] = position
        return len(records)

    def _waiting(self, limit: int) -> tuple[list[bytes], int]:
        """Return copies of records, and the position of the next one."""
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
