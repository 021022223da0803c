# SPDX-License-Identifier: Apache-2.0
"""HTTP/1 messages in a TCP stream: heads, and the bodies between them (RFC 9112)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Generator, Iterator
from enum import Enum, auto
from typing import Final

from ..strings import text_of
from .http import UNKNOWN_LENGTH, Head, read_head, starts_message
from .messages import Message
from .streams import Piece
from .types import HttpRequest, HttpResponse

HEAD_BYTES_MAX: Final = 16_384
"""Length of a head; of a longer one the event has the complete headers in these bytes."""

LINE_BYTES_MAX: Final = 4096
"""Length of a line between chunks."""

METHODS_MAX: Final = 100
"""Requests without a response whose methods are kept."""

HEAD_END: Final = re.compile(rb"\n\r?\n")
END_BYTES: Final = 3
LINE_ENDS: Final = b"\r\n"
UNFINISHED: Final = re.compile(rb"[!-~]{1,64}( [^\n]*)?")
UNFINISHED_REQUEST: Final = re.compile(rb"([A-Z-]{3,32}) ((?:/|\*|[Hh][Tt][Tt][Pp])[^\n ]*)[^\n]*")
"""A first line without end, where a message begins, and anywhere."""

CHUNK_SIZE: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
SWITCHING, NO_CONTENT, NOT_MODIFIED = 101, 204, 304  # statuses


class HttpState(Enum):
    """What comes next in a stream.

    UNKNOWN: no message until a segment begins with a first line.  The start of the connection or a
    length was not seen, or it is no HTTP.  LAST: a body that ends with the connection.
    """

    HEAD = auto()
    BODY = auto()
    CHUNK = auto()
    CHUNK_END = auto()
    TRAILER = auto()
    UNKNOWN = auto()
    LAST = auto()


class HttpStreamReader:
    """Reader of the messages in one direction of a connection.

    ``methods`` are those of the requests whose response is to come.  Both directions share them:
    the response to HEAD has the length of a body, but none.
    """

    def __init__(self, methods: deque[str] | None = None) -> None:
        self.methods: deque[str] = deque(maxlen=METHODS_MAX) if methods is None else methods
        self._buffer = bytearray()  # of a head, or of a line between chunks
        self._state = self._after_body = HttpState.UNKNOWN
        self._body = 0  # bytes that are left of it

    @property
    def buffered(self) -> int:
        """Number of bytes of the incomplete head."""
        return len(self._buffer)

    def begin(self) -> None:
        """Expect a message: a connection begins."""
        self._go(HttpState.HEAD)

    def feed(self, piece: Piece) -> Iterator[Message]:
        """Yield the messages whose heads a piece completes, or cuts by its missing bytes."""
        data, missing = piece.data, piece.size - len(piece.data)
        if self._state is HttpState.UNKNOWN and begins_message(data):
            self._go(HttpState.HEAD)
        while data and self._state not in (HttpState.UNKNOWN, HttpState.LAST):
            if self._state is HttpState.BODY:
                data = data[self._pass_body(len(data)) :]
            elif self._state is HttpState.HEAD:
                data = yield from self._head(data)
            else:
                data = self._line(data)
        if self._state is HttpState.BODY:
            missing -= self._pass_body(missing)
        if missing and self._state not in (HttpState.UNKNOWN, HttpState.LAST):
            yield from self._cut("bytes after its start are missing")

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

    def _head(self, data: bytes) -> Generator[Message, None, bytes]:
        """Add bytes to the head; yield its message if it is complete; return the bytes after it."""
        if not self._buffer:
            data = data.lstrip(LINE_ENDS)  # empty lines before a message
        searched = max(0, len(self._buffer) - END_BYTES)
        self._buffer += data
        if end := HEAD_END.search(self._buffer, searched):
            head = read_head(bytes(self._buffer[: end.start()]))
            rest = bytes(self._buffer[end.end() :])
            if head:
                self._go(state_after(head, self.methods))
                self._body, self._after_body = max(0, head.value.content_length), HttpState.HEAD
                yield Message(head.value, head.malformed)
                return rest
            self._go(HttpState.UNKNOWN)
        elif self._buffer and not may_begin_message(bytes(self._buffer)):
            self._go(HttpState.UNKNOWN)
        elif len(self._buffer) > HEAD_BYTES_MAX:
            yield from self._cut(f"it is longer than {HEAD_BYTES_MAX} bytes")
        return b""

    def _cut(self, reason: str) -> Iterator[Message]:
        """Yield the message of an incomplete head, with its complete headers."""
        data = bytes(self._buffer) if self._state is HttpState.HEAD else b""
        self._go(HttpState.UNKNOWN)
        head = read_head(data[: data.rfind(b"\n") + 1])
        value = head.value if head else request_start(data)
        if value:
            yield Message(value, f"cut: the head: {reason}")

    def _line(self, data: bytes) -> bytes:
        """Add bytes to a line of a chunked body, and handle it; return the bytes after it."""
        line, end, rest = data.partition(b"\n")
        self._buffer += line
        if end:
            self._go(self._after_line(bytes(self._buffer).rstrip(b"\r")))
        elif len(self._buffer) > LINE_BYTES_MAX:
            self._go(HttpState.UNKNOWN)
        return rest

    def _after_line(self, line: bytes) -> HttpState:
        if self._state is HttpState.TRAILER:
            return HttpState.TRAILER if line else HttpState.HEAD
        if self._state is HttpState.CHUNK_END:
            return HttpState.UNKNOWN if line else HttpState.CHUNK
        size = CHUNK_SIZE.fullmatch(line)
        self._body, self._after_body = int(size[1], 16) if size else 0, HttpState.CHUNK_END
        if not self._body:
            return HttpState.TRAILER if size else HttpState.UNKNOWN
        return HttpState.BODY


def state_after(head: Head, methods: deque[str]) -> HttpState:
    """Return what follows a head; keep the method of a request, or take that of a response's."""
    if isinstance(head.value, HttpRequest):
        methods.append(head.value.method)
        if head.value.method == "CONNECT":
            return HttpState.UNKNOWN
    else:
        code = head.value.status_code
        if code // 100 == 1:  # not yet the response
            return HttpState.UNKNOWN if code == SWITCHING else HttpState.HEAD
        method = methods.popleft() if methods else ""
        if method == "CONNECT" and code // 100 == 2:
            return HttpState.UNKNOWN
        if method == "HEAD" or code in (NO_CONTENT, NOT_MODIFIED):
            return HttpState.HEAD
    if head.chunked:
        return HttpState.CHUNK
    if head.value.content_length == UNKNOWN_LENGTH:
        return HttpState.LAST if isinstance(head.value, HttpResponse) else HttpState.UNKNOWN
    return HttpState.BODY if head.value.content_length else HttpState.HEAD


def begins_message(data: bytes) -> bool:
    """Return whether a segment begins with a first line, or the start of a long one."""
    line, end, _ = data.partition(b"\n")
    if end:
        return starts_message(line.rstrip(b"\r"))
    return line.startswith(b"HTTP/1.") or bool(UNFINISHED_REQUEST.fullmatch(line))


def may_begin_message(data: bytes) -> bool:
    """Return whether bytes that begin with a message, if HTTP is spoken, may be one."""
    line, end, _ = data.partition(b"\n")
    return starts_message(line.rstrip(b"\r")) if end else bool(UNFINISHED.fullmatch(line))


def request_start(data: bytes) -> HttpRequest | None:
    """Return the request whose first line is incomplete, or None if it does not look like one."""
    found = UNFINISHED_REQUEST.fullmatch(data)
    return HttpRequest(text_of(found[1]), "", "", text_of(found[2]), {}, 0) if found else None
