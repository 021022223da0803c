# SPDX-License-Identifier: Apache-2.0
"""First lines of HTTP/1 messages, and what follows their heads (RFC 9112, 6, 7)."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from ..strings import text_of
from .http import UNKNOWN_LENGTH, Head, read_head, starts_message
from .types import HttpRequest, HttpResponse

CHUNK_SIZE: Final = re.compile(rb"[ \t]*0*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
LINE_ENDS: Final = b"\r\n"
UNFINISHED: Final = re.compile(rb"[!-~]{1,1024}([ \t\v\f][^\n]*)?")
UNFINISHED_REQUEST: Final = re.compile(
    rb"([A-Z-]{3,32})[ \t\v\f]+((?:/|\*|[Hh][Tt][Tt][Pp])[^\n ]*)[^\n]*"
)
"""A first line without end, where a message begins, and anywhere."""

SWITCHING, NO_CONTENT, NOT_MODIFIED = 101, 204, 304  # statuses

OTHER, HEAD, CONNECT = range(3)
METHODS: Final = {"HEAD": HEAD, "CONNECT": CONNECT}
"""Methods whose responses have no body, each as a byte."""


class HttpState(Enum):
    """What comes next in a stream.

    MAYBE_HEAD: a message, or another protocol from here on.  LONG_HEAD: the rest of a head whose
    event was given.  UNKNOWN: no message until a segment begins with a first line, as a length or
    the start of the connection was not seen, or it is no HTTP.  LAST: a body that ends with the
    connection.
    """

    HEAD = auto()
    MAYBE_HEAD = auto()
    LONG_HEAD = auto()
    BODY = auto()
    CHUNK = auto()
    CHUNK_END = auto()
    TRAILER = auto()
    UNKNOWN = auto()
    LAST = auto()


def state_after(head: Head, methods: bytearray) -> HttpState:
    """Return what follows a head; keep the method of a request, or take that of a response's."""
    code = 0
    if isinstance(head.value, HttpRequest):
        method = METHODS.get(head.value.method, OTHER)
        methods.append(method)
        if method == CONNECT:
            return HttpState.MAYBE_HEAD
    else:
        code = head.value.status_code
        if code // 100 == 1:  # not yet the response
            return HttpState.MAYBE_HEAD if code == SWITCHING else HttpState.HEAD
        method = methods[0] if methods else OTHER
        del methods[:1]
        if method == CONNECT and code // 100 == 2:
            return HttpState.MAYBE_HEAD
        if method == HEAD or code in (NO_CONTENT, NOT_MODIFIED):
            return HttpState.HEAD
    if head.chunked:
        return HttpState.CHUNK
    if head.value.content_length == UNKNOWN_LENGTH:
        return HttpState.LAST if code else HttpState.UNKNOWN
    return HttpState.BODY if head.value.content_length else next_message(head)


def next_message(head: Head) -> HttpState:
    """Return the state after a whole message: the connection may change its protocol."""
    upgrade = head.upgrades and isinstance(head.value, HttpRequest)
    return HttpState.MAYBE_HEAD if upgrade else HttpState.HEAD


def begins_message(data: bytes) -> bool:
    """Return whether a segment begins with a first line, or the start of a long one."""
    line, end, _ = data.lstrip(LINE_ENDS).partition(b"\n")
    if end:
        return starts_message(line.rstrip(b"\r"))
    return line.startswith(b"HTTP/1.") or bool(UNFINISHED_REQUEST.fullmatch(line))


def may_begin_message(data: bytes) -> bool:
    """Return whether bytes that begin with a message, if HTTP is spoken, may be one."""
    line, end, _ = data.partition(b"\n")
    return starts_message(line.rstrip(b"\r")) if end else bool(UNFINISHED.fullmatch(line))


def started_message(data: bytes) -> HttpRequest | HttpResponse | None:
    """Return what is complete of a head without end, or None if it does not look like one."""
    head = read_head(data[: data.rfind(b"\n") + 1])
    if head:
        return head.value
    found = UNFINISHED_REQUEST.fullmatch(data)
    return HttpRequest(text_of(found[1]), "", "", text_of(found[2]), {}, 0) if found else None


def empty_message(kind: type[HttpRequest | HttpResponse]) -> HttpRequest | HttpResponse:
    """Return a message of which nothing was seen."""
    if kind is HttpRequest:
        return HttpRequest("", "", "", "", {}, UNKNOWN_LENGTH)
    return HttpResponse("", 0, "", {}, UNKNOWN_LENGTH)
