# SPDX-License-Identifier: Apache-2.0
"""HTTP/1 messages in a TCP stream: heads, and the bodies between them (RFC 9112).

Where messages may be that are not seen, an event without content says so.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Final

from .http import FRAMING, Head, read_head
from .http_framing import (
    CHUNK_SIZE,
    LINE_ENDS,
    HttpState,
    begins_message,
    empty_message,
    may_begin_message,
    next_message,
    started_message,
    state_after,
)
from .messages import Message
from .streams import Piece
from .types import HttpRequest, HttpResponse

HEAD_BYTES_MAX: Final = 16_384
"""Length of a head; of a longer one the event has the complete headers in these bytes."""

LINE_BYTES_MAX: Final = 4096
"""Bytes that are kept of a line between chunks, or after so much of a head."""

HEAD_END: Final = re.compile(rb"\n\r?\n")
END_BYTES: Final = 3
EMPTY_LINES: Final = re.compile(b"[" + LINE_ENDS + b"]*")

HEADS: Final = (HttpState.HEAD, HttpState.MAYBE_HEAD)
NO_MESSAGES: Final = (HttpState.UNKNOWN, HttpState.LAST)

Position = Generator[Message, None, int]
"""Messages, and the offset of the byte to go on with."""


class HttpStreamReader:
    """Reader of the messages in one direction of a connection.

    ``methods`` are those of the requests whose response is to come.  Both directions share them:
    the response to HEAD has the length of a body, but none.
    """

    def __init__(self, methods: bytearray | None = None) -> None:
        self.methods = bytearray() if methods is None else methods
        self._buffer = bytearray()  # of a head, or of a line
        self._kept = bytearray()  # lines of a long head
        self._keeps = False
        self._state = self._after_body = self._after_message = HttpState.UNKNOWN
        self._body = 0  # bytes that are left of it
        self._kind: type[HttpRequest | HttpResponse] | None = None  # of the last message

    @property
    def buffered(self) -> int:
        """Number of bytes of the incomplete head, and of what is kept of earlier ones."""
        return len(self._buffer) + len(self._kept) + len(self.methods)

    def begin(self) -> None:
        """Expect a message: a connection begins."""
        self._go(HttpState.HEAD)
        self._kind = None
        self.methods.clear()

    def feed(self, piece: Piece) -> Iterator[Message]:
        """Yield the messages whose heads a piece completes, or cuts by its missing bytes."""
        data, missing = piece.data, piece.size - len(piece.data)
        if self._state is HttpState.UNKNOWN and begins_message(data):
            self._go(HttpState.HEAD)
        at = 0
        while at < len(data) and self._state not in NO_MESSAGES:
            if self._state is HttpState.BODY:
                at += self._pass_body(len(data) - at)
            elif self._state in HEADS:
                at = yield from self._head(data, at)
            else:
                at = yield from self._line(data, at)
        if self._state is HttpState.BODY:
            missing -= self._pass_body(missing)
        if missing and self._state not in NO_MESSAGES:
            yield from self._lose(missing)

    def close(self) -> Iterator[Message]:
        """Yield the message that the end of the stream cuts."""
        yield from self._cut("it does not end")

    def _go(self, state: HttpState) -> None:
        self._buffer.clear()
        self._state = state

    def _pass_body(self, size: int) -> int:
        """Pass at most ``size`` bytes of a body; return their number."""
        passed = min(self._body, size)
        self._body -= passed
        if not self._body:
            self._go(self._after_body)
        return passed

    def _head(self, data: bytes, at: int) -> Position:
        """Add bytes to the head, and yield its message if it is complete."""
        held = len(self._buffer)
        if not held:  # empty lines before a message
            found = EMPTY_LINES.match(data, at)
            at = found.end() if found else at
        stop = min(len(data), at + HEAD_BYTES_MAX - held)
        end = None if held else HEAD_END.search(data, at, stop)
        if end:
            return (yield from self._complete(data[at : end.start()], end.end()))
        self._buffer += data[at:stop]
        if held and (end := HEAD_END.search(self._buffer, max(0, held - END_BYTES))):
            whole = bytes(self._buffer[: end.start()])
            return (yield from self._complete(whole, at + end.end() - held))
        if self._buffer.find(b"\n", 0, held) < 0 and not self._may_begin():
            yield from self._stray("bytes after a message that begin none")
        elif len(self._buffer) == HEAD_BYTES_MAX:
            yield from self._long_head()
        return stop

    def _may_begin(self) -> bool:
        return not self._buffer or may_begin_message(bytes(self._buffer))

    def _complete(self, data: bytes, end: int) -> Position:
        """Yield the message of a head that ends before an offset, and go on with its body."""
        head = read_head(data)
        if head:
            self._begin_body(head)
            yield Message(head.value, head.malformed)
        else:
            yield from self._stray("bytes after a message that begin none")
        return end

    def _begin_body(self, head: Head) -> None:
        self._kind = type(head.value)
        self._go(state_after(head, self.methods))
        self._body = max(0, head.value.content_length)
        self._after_body = self._after_message = next_message(head)

    def _stray(self, reason: str) -> Iterator[Message]:
        """Handle bytes that are not of HTTP: after a message they hide what follows."""
        silent = self._state is HttpState.MAYBE_HEAD
        self._go(HttpState.UNKNOWN)
        if self._kind and not silent:
            yield Message(empty_message(self._kind), f"malformed: {reason}")

    def _lose(self, missing: int) -> Iterator[Message]:
        """Yield the message that missing bytes cut; if there is none, one that says so."""
        silent = self._state is HttpState.MAYBE_HEAD
        cut = [*self._cut("bytes after its start are missing")]
        self.methods.clear()
        if not cut and self._kind and not silent:
            reason = f"cut: {missing} bytes are missing, in which messages may begin"
            cut = [Message(empty_message(self._kind), reason)]
        yield from cut

    def _cut(self, reason: str) -> Iterator[Message]:
        """Yield the message of an incomplete head, with its complete headers."""
        value = started_message(bytes(self._buffer)) if self._state in HEADS else None
        self._go(HttpState.UNKNOWN)
        if value:
            self._kind = type(value)
            yield Message(value, f"cut: the head: {reason}")

    def _long_head(self) -> Iterator[Message]:
        """Yield the message of a head that is too long, and go on to its end."""
        data = bytes(self._buffer)
        value = started_message(data)
        if not value:
            yield from self._stray("a first line that is too long")
            return
        self._kind = type(value)
        yield Message(value, f"cut: the head: it is longer than {HEAD_BYTES_MAX} bytes")
        first, *lines = data.split(b"\n")
        self._go(HttpState.LONG_HEAD)
        if isinstance(value, HttpRequest) and not lines:
            lines, first = [first], f"{value.method} / HTTP/1.1".encode()
        self._kept = bytearray(first + b"\n")
        for line in lines[:-1]:
            self._keep(line)
        self._buffer += lines[-1][:LINE_BYTES_MAX]

    def _keep(self, line: bytes) -> None:
        """Keep a line of a long head that says where its message ends."""
        self._keeps = bool(FRAMING.match(line)) or (self._keeps and line[:1] in (b" ", b"\t"))
        if self._keeps and len(self._kept) < HEAD_BYTES_MAX:
            self._kept += line + b"\n"

    def _line(self, data: bytes, at: int) -> Position:
        """Add bytes to a line of a chunked body or a long head, and handle it."""
        end = data.find(b"\n", at)
        stop = len(data) if end < 0 else end
        self._buffer += data[at : min(stop, at + LINE_BYTES_MAX - len(self._buffer))]
        if end >= 0:
            line = bytes(self._buffer).rstrip(b"\r")
            self._buffer.clear()
            yield from self._after_line(line)
        return stop + 1

    def _after_line(self, line: bytes) -> Iterator[Message]:
        if self._state is HttpState.LONG_HEAD:
            self._keep(line)
            if not line:
                self._end_long_head()
        elif self._state is HttpState.TRAILER:
            self._go(HttpState.TRAILER if line else self._after_message)
        elif self._state is HttpState.CHUNK and (size := CHUNK_SIZE.fullmatch(line)):
            self._body, self._after_body = int(size[1], 16), HttpState.CHUNK_END
            self._go(HttpState.BODY if self._body else HttpState.TRAILER)
        elif self._state is HttpState.CHUNK_END and not line:
            self._go(HttpState.CHUNK)
        else:
            yield from self._stray("the chunks of a body")

    def _end_long_head(self) -> None:
        head = read_head(bytes(self._kept))
        self._kept.clear()
        if head:
            self._begin_body(head)
        else:
            self._go(HttpState.UNKNOWN)
