# SPDX-License-Identifier: Apache-2.0
"""DNS messages in a TCP stream, each after its length (RFC 1035, 4.2.2; RFC 7766)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .dns import empty_dns, read_dns
from .messages import Message
from .streams import Piece
from .types import Dns

PREFIX_BYTES: Final = 2


class DnsStreamReader:
    """Reader of the messages in one direction of a connection.

    The start of the connection is that of a message.  Without it, and after missing bytes with the
    end of a message, reading starts at a segment that consists of whole messages.  After a message,
    one without content says that others may be missing.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._rest = 0  # bytes of a message that was cut
        self._aligned = False
        self._qr: int | None = None  # of the last message

    @property
    def buffered(self) -> int:
        """Number of bytes of the incomplete message."""
        return len(self._buffer)

    def begin(self) -> None:
        """Expect a message: a connection begins."""
        self._buffer.clear()
        self._rest, self._aligned, self._qr = 0, True, None

    def feed(self, piece: Piece) -> Iterator[Message]:
        """Yield the messages that a piece completes, or cuts by its missing bytes."""
        data, size = self._after_rest(piece)
        if not self._aligned:
            self._aligned = size == len(data) and all_messages(data)
            if not self._aligned:
                return
        self._buffer += data
        yield from self._complete()
        if missing := size - len(data):
            yield from self._lose(missing)

    def close(self) -> Iterator[Message]:
        """Yield the message that the end of the stream cuts."""
        yield from self._cut()
        self._aligned = False

    def _after_rest(self, piece: Piece) -> Piece:
        passed = min(self._rest, piece.size)
        self._rest -= passed
        return Piece(piece.data[passed:], piece.size - passed)

    def _complete(self) -> Iterator[Message]:
        at, buffer = 0, self._buffer
        while at + PREFIX_BYTES <= len(buffer):
            start = at + PREFIX_BYTES
            end = start + int.from_bytes(buffer[at:start], "big")
            if end > len(buffer):
                break
            yield from self._noted(read_dns(bytes(buffer[start:end]), end - start))
            at = end
        del buffer[:at]

    def _lose(self, missing: int) -> Iterator[Message]:
        """Go on after missing bytes: in the message that they cut, if that is longer."""
        needed = self._needed()
        cut = [*self._cut()]
        yield from cut
        self._aligned, self._rest = missing <= needed, max(0, needed - missing)
        if self._qr is not None and not (cut and self._aligned):
            reason = f"cut: {missing} bytes are missing, in which messages may begin"
            yield Message(empty_dns(qr=self._qr), reason)

    def _needed(self) -> int:
        """Return how many bytes the incomplete message lacks, 0 if its length is unknown."""
        if len(self._buffer) < PREFIX_BYTES:
            return 0
        return PREFIX_BYTES + int.from_bytes(self._buffer[:PREFIX_BYTES], "big") - len(self._buffer)

    def _cut(self) -> Iterator[Message]:
        data, size = bytes(self._buffer[PREFIX_BYTES:]), len(self._buffer) + self._needed()
        self._buffer.clear()
        message = read_dns(data, size - PREFIX_BYTES)
        if message and message.incomplete and message.incomplete.startswith("cut"):
            yield from self._noted(message)  # else these bytes are no DNS

    def _noted(self, message: Message | None) -> Iterator[Message]:
        if message and isinstance(message.value, Dns):
            self._qr = message.value.qr
            yield message


def all_messages(data: bytes) -> bool:
    """Return whether bytes are complete messages with their lengths, and nothing else."""
    reader = DnsStreamReader()
    reader.begin()
    messages = list(reader.feed(Piece(data, len(data))))
    return bool(messages) and not reader.buffered and not any(m.incomplete for m in messages)
