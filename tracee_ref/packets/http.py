# SPDX-License-Identifier: Apache-2.0
"""Parser of HTTP/1 heads, as lenient as servers are.

h11 and http.client refuse what servers accept (bare line feeds, odd names, many headers), and dpkt
drops bytes; a tracer has to print it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..strings import text_of
from .types import Http, HttpRequest, HttpResponse

METHOD: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}")
VERSION: Final = re.compile(rb"HTTP/[01]\.[0-9]")
STATUS: Final = re.compile(rb"([0-9]{3})(?: .*)?", re.DOTALL)
SPACES: Final = b" \t"
UNKNOWN_LENGTH: Final = -1
LENGTH: Final = re.compile(r"[0-9]{1,18}")

Headers = dict[str, list[str]]


class Head(NamedTuple):
    """First line and headers of a message."""

    value: HttpRequest | HttpResponse
    malformed: str | None
    chunked: bool


def starts_message(line: bytes) -> bool:
    """Return whether a first line, without its end, is one of HTTP."""
    return bool(_request_line(line) or _status_line(line))


def read_head(data: bytes) -> Head | None:
    """Return the head in ``data``, without the empty line after it, or None if it is none."""
    line, _, rest = data.partition(b"\n")
    line = line.rstrip(b"\r")
    headers, malformed = read_headers(rest)
    codings = headers.get("Transfer-Encoding", [])
    chunked = any("chunked" in coding.lower() for coding in codings)
    length = "" if codings else headers.get("Content-Length", [""])[0]
    default = UNKNOWN_LENGTH if codings else 0
    value: HttpRequest | HttpResponse
    if request := _request_line(line):
        method, target, version = map(text_of, request)
        size, host = content_length(length, default), _host(headers)
        value = HttpRequest(method, version, host, target, headers, size)
    elif status := _status_line(line):
        version, words = map(text_of, status)
        size = content_length(length, UNKNOWN_LENGTH)
        value = HttpResponse(words, int(words[:3]), version, headers, size)
    else:
        return None
    return Head(value, malformed, chunked)


def _host(headers: Headers) -> str:
    """Return the host; remove it from the headers if they have one."""
    hosts = headers.get("Host", [""])
    if len(hosts) == 1:
        headers.pop("Host", None)
    return hosts[0]


def _request_line(line: bytes) -> tuple[bytes, bytes, bytes] | None:
    method, space, rest = line.partition(b" ")
    target, _, version = rest.rstrip(SPACES).rpartition(b" ")
    if not (space and METHOD.fullmatch(method) and VERSION.fullmatch(version)):
        return None
    return method, target.strip(SPACES), version


def _status_line(line: bytes) -> tuple[bytes, bytes] | None:
    version, _, status = line.partition(b" ")
    if not (VERSION.fullmatch(version) and STATUS.fullmatch(status)):
        return None
    return version, status


def read_headers(data: bytes) -> tuple[Headers, str | None]:
    """Return the values of each header by its canonical name, and what is malformed."""
    headers: Headers = {}
    values: list[str] | None = None
    malformed = None
    for raw in data.split(b"\n"):
        line = raw.rstrip(b"\r")
        name, colon, value = line.partition(b":")
        if line[:1] in (b" ", b"\t") and values:  # goes on with the line before
            values[-1] = f"{values[-1]} {text_of(line.strip(SPACES))}".strip()
        elif colon:
            values = headers.setdefault(canonical(text_of(name.strip(SPACES))), [])
            values.append(text_of(value.strip(SPACES)))
        elif line:
            malformed = "malformed: a header without colon"
    return headers, malformed


def canonical(name: str) -> str:
    """Return the name of a header with capitalized words, as Go does."""
    return "-".join(word[:1].upper() + word[1:].lower() for word in name.split("-"))


def content_length(value: str, default: int) -> int:
    """Return the length of the body; ``value`` is that of Content-Length."""
    return int(value) if LENGTH.fullmatch(value) else default


def http_value(head: HttpRequest | HttpResponse) -> Http:
    """Return the argument of net_packet_http."""
    request = isinstance(head, HttpRequest)
    return Http(
        direction="request" if request else "response",
        method=getattr(head, "method", ""),
        protocol=head.protocol,
        host=getattr(head, "host", ""),
        uri_path=getattr(head, "uri_path", ""),
        status=getattr(head, "status", ""),
        status_code=getattr(head, "status_code", 0),
        headers=head.headers,
        content_length=head.content_length,
    )
