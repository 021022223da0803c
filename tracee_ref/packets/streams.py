# SPDX-License-Identifier: Apache-2.0
"""Bytes of one direction of a TCP connection, in order and each once.

Segments are seen as a socket sends or receives them: some twice, some early, some never (the kernel
side had no room for the record), and of large ones only the start.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Final, NamedTuple

WAITING_BYTES_MAX: Final = 1 << 20
WAITING_SEGMENTS_MAX: Final = 1024
"""Limits of the segments that wait for one before them."""

WINDOW_BYTES_MAX: Final = 1 << 24
"""Segments further ahead are not of this connection."""

HALF: Final = 1 << 31
MASK: Final = (1 << 32) - 1


class Piece(NamedTuple):
    """The next bytes of a stream; ``size`` is more than were copied if some are missing."""

    data: bytes
    size: int


class Stream:
    """One direction of a connection.

    Positions count bytes and do not wrap, as sequence numbers do.  Of bytes that come twice the
    first copy counts, but a segment replaces a shorter one that waits at its position, as in Linux.
    """

    def __init__(self) -> None:
        self.begun = self.closed = False
        self._position = 0
        self._initial: int | None = None
        self._reopened: int | None = None
        self._end: int | None = None
        self._waiting: list[tuple[int, int, Piece]] = []  # position, minus the size, segment
        self.waiting_bytes = 0

    def begin(self, sequence: int) -> bool:
        """Handle a SYN; return whether a connection begins.

        In an open connection that is decided by ``reopened``: anyone can send a SYN.
        """
        if self.begun and not self.closed:
            self._reopened = None if sequence == self._initial else sequence
            return False
        self._begin_at(sequence)
        return True

    def reopened(self, acknowledged: int) -> bool:
        """Return whether the peer acknowledges a SYN: a new connection of the same addresses."""
        if self._reopened is None or acknowledged != self._reopened + 1 & MASK:
            return False
        self._begin_at(self._reopened)
        return True

    def _begin_at(self, sequence: int) -> None:
        self.begun, self.closed = True, False
        self._initial, self._reopened, self._end = sequence, None, None
        self._position = sequence + 1
        self._waiting.clear()
        self.waiting_bytes = 0

    def add(self, sequence: int, piece: Piece) -> Iterator[Piece]:
        """Yield the pieces that are next in order."""
        if not self.begun:  # its start was not seen
            self.begun, self._position = True, sequence
        self._wait(self._position_of(sequence), piece)
        yield from self._ready()
        while len(self._waiting) > WAITING_SEGMENTS_MAX or self.waiting_bytes > WAITING_BYTES_MAX:
            yield from self._skip()

    def acknowledge(self, number: int) -> Iterator[Piece]:
        """Yield the pieces that waited for bytes that the peer has: these were not seen.

        Without a later segment an acknowledgment counts for nothing: a peer can send any.
        """
        while self._waiting and self._waiting[0][0] <= self._position_of(number):
            yield from self._skip()

    def finish(self, sequence: int) -> None:
        """Handle a FIN after the byte with a sequence number."""
        self._end = self._position_of(sequence)

    def ended(self) -> bool:
        """Return whether the stream has just come to its FIN, and close it."""
        ended = not self.closed and self._end is not None and self._position >= self._end
        self.closed |= ended
        return ended

    def resets(self, sequence: int) -> bool:
        """Return whether the sequence number of a RST is the next one, as receivers check."""
        return self.begun and self._position_of(sequence) == self._position

    def _position_of(self, sequence: int) -> int:
        return self._position + ((sequence - self._position + HALF) & MASK) - HALF

    def _wait(self, position: int, piece: Piece) -> None:
        end = position + piece.size
        if end <= self._position or end > self._position + WINDOW_BYTES_MAX:
            return
        at = bisect_left(self._waiting, (position, -piece.size + 1))
        if at and self._waiting[at - 1][0] == position:
            return  # one that is as long, or longer, waits there
        insort(self._waiting, (position, -piece.size, piece))
        self.waiting_bytes += len(piece.data)

    def _ready(self) -> Iterator[Piece]:
        while self._waiting and self._waiting[0][0] <= self._position:
            start, _, (data, size) = self._waiting.pop(0)
            self.waiting_bytes -= len(data)
            passed = self._position - start
            if size > passed:
                self._position += size - passed
                yield Piece(data[passed:], size - passed)

    def _skip(self) -> Iterator[Piece]:
        """Yield the missing bytes before the first waiting segment, and what follows them."""
        missing = self._waiting[0][0] - self._position
        self._position += missing
        yield Piece(b"", missing)
        yield from self._ready()
