# SPDX-License-Identifier: Apache-2.0
"""Readers of ring buffers, on memory laid out as the kernel does."""

from __future__ import annotations

import mmap
import os
import struct

from tracee_ref.abi import HEADER
from tracee_ref.kernel.ring import FULL_READS, RingReader, Rings

PAGE = mmap.PAGESIZE
SIZE = 16 * PAGE


def ring(*times: int) -> RingReader:
    """Return the reader of a buffer that has a record for each time."""
    data = b""
    for time in times:
        record = struct.pack("=Q", time).ljust(HEADER.struct.size, b"\0")
        data += struct.pack("=II", len(record), 0) + record
        data += bytes(-len(data) % 8)
    fd = os.memfd_create("ring")
    positions = bytes(PAGE) + struct.pack("=Q", len(data)).ljust(PAGE, b"\0")
    os.write(fd, positions + data.ljust(SIZE, b"\0"))
    reader = RingReader(fd, SIZE)
    os.close(fd)
    return reader


def read(rings: Rings, limit: int) -> list[int]:
    times: list[int] = []
    rings.read(lambda records: times.extend(struct.unpack_from("=Q", r)[0] for r in records), limit)
    return times


def test_rings_merged_by_time() -> None:
    """Records of two buffers are merged; those of one stay in its order."""
    rings = Rings([ring(1, 5, 4, 9), ring(2, 6, 3, 10)])
    assert read(rings, 100) == [1, 2, 5, 4, 6, 3, 9, 10]
    assert read(rings, 100) == []
    rings.close()


def test_rings_other_fills() -> None:
    """One that fills is read as often as the first, which is full."""
    rings = Rings([ring(*range(100)), ring(*range(1000, 1020))])
    filling = Rings([ring(*range(100)), ring(*range(1000, 1030))])
    assert (read(rings, 2), read(filling, 2)) == ([0, 1], [0, 1, 1000, 1001])
    for each in (rings, filling):
        each.close()


def test_rings_first_before_others() -> None:
    """While a full read of the first buffer waits, the other one is read seldom."""
    rings = Rings([ring(*range(100)), ring(*range(1000, 1020))])
    for number in range(FULL_READS - 1):
        assert read(rings, 1) == [number]
    assert read(rings, 1) == [FULL_READS - 1, 1000]
    assert read(rings, 1) == [FULL_READS]
    rings.close()
