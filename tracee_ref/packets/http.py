# SPDX-License-Identifier: Apache-2.0
"""Parser of HTTP/1 heads, as lenient as servers are.

h11 and http.client refuse what servers accept (bare line feeds, odd names, many headers), and dpkt
drops bytes; a tracer has to print it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from ..strings import text_of
from .types import Http, HttpRequest, HttpResponse

METHOD: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,1024}")
VERSION: Final = re.compile(rb"HTTP/[01]\.[0-9]")
STATUS: Final = re.compile(rb"([0-9]{3})(?: .*)?", re.DOTALL)
FRAMING: Final = re.compile(
    rb"[ \t]*(?:content-length|transfer-encoding|upgrade)[ \t]*:", re.IGNORECASE
)
BLANKS: Final = b" \t"
UNKNOWN_LENGTH: Final = -1
LENGTH: Final = re.compile(r"0*([0-9]{1,18})")

Headers = dict[str, list[str]]


class Head(NamedTuple):
    """First line and headers of a message.

    ``upgrades`` if the connection may be for another protocol after it.
    """

    value: HttpRequest | HttpResponse
    malformed: str | None
    chunked: bool
    upgrades: bool


def starts_message(line: bytes) -> bool:
    """Return whether a first line, without its end, is one of HTTP."""
    return bool(_request_line(line) or _status_line(line))


def read_head(data: bytes) -> Head | None:
    """Return the head in ``data``, without the empty line after it, or None if it is none."""
    line, _, rest = data.partition(b"\n")
    line = line.rstrip(b"\r")
    request, status = _request_line(line), _status_line(line)
    if not request and not status:
        return None
    headers, malformed = read_headers(rest)
    codings = _items(headers.get("Transfer-Encoding", []))
    chunked = bool(codings) and codings[-1].lower() == "chunked"
    length, wrong = body_length(codings, headers.get("Content-Length", []), request=bool(request))
    upgrades = "Upgrade" in headers
    value: HttpRequest | HttpResponse
    if request:
        method, target, version = map(text_of, request)
        upgrades |= method == "CONNECT"
        value = HttpRequest(method, version, _host(headers), target, headers, length)
    else:
        assert status
        version, words = map(text_of, status)
        value = HttpResponse(words, int(words[:3]), version, headers, length)
    return Head(value, malformed or wrong, chunked, upgrades)


def body_length(
    codings: Sequence[str], lengths: Sequence[str], *, request: bool
) -> tuple[int, str | None]:
    """Return the length of a body or UNKNOWN_LENGTH, and what is malformed (RFC 9112, 6.3)."""
    if codings:
        unframed = request and codings[-1].lower() != "chunked"
        return UNKNOWN_LENGTH, "malformed: a body without length" if unframed else None
    values = {*_items(lengths)}
    if not values:
        return (0 if request else UNKNOWN_LENGTH), None
    if len(values) > 1:
        return UNKNOWN_LENGTH, "malformed: several lengths of the body"
    (value,) = values
    number = LENGTH.fullmatch(value)
    if not number:
        return UNKNOWN_LENGTH, "malformed: the length of the body"
    return int(number[1]), None


def _items(values: Sequence[str]) -> list[str]:
    """Return the elements of a list in all values of a header (RFC 9110, 5.6.1)."""
    items = (item.strip(" \t") for value in values for item in value.split(","))
    return [item for item in items if item]


def _host(headers: Headers) -> str:
    """Return the host; remove it from the headers if they have one."""
    hosts = headers.get("Host", [""])
    if len(hosts) == 1:
        headers.pop("Host", None)
    return hosts[0]


def _request_line(line: bytes) -> tuple[bytes, bytes, bytes] | None:
    method, *rest = line.split(None, 1)[:2] or [b""]
    *target, version = rest[0].rsplit(None, 1) if rest else [b""]
    if not (METHOD.fullmatch(method) and VERSION.fullmatch(version)):
        return None
    return method, target[0] if target else b"", version


def _status_line(line: bytes) -> tuple[bytes, bytes] | None:
    version, *status = line.split(None, 1)[:2] or [b""]
    if not (VERSION.fullmatch(version) and status and STATUS.fullmatch(status[0])):
        return None
    return version, status[0]


def read_headers(data: bytes) -> tuple[Headers, str | None]:
    """Return the values of each header by its canonical name, and what is malformed."""
    headers: Headers = {}
    values: list[str] | None = None
    malformed = None
    for raw in data.split(b"\n"):
        line = raw.rstrip(b"\r")
        name, colon, value = line.partition(b":")
        if line[:1] in (b" ", b"\t") and values:  # goes on with the line before
            values[-1] = f"{values[-1]} {text_of(line.strip(BLANKS))}".strip()
        elif colon:
            values = headers.setdefault(canonical(text_of(name.strip(BLANKS))), [])
            values.append(text_of(value.strip(BLANKS)))
        elif line:
            malformed = "malformed: a header without colon"
    return headers, malformed


def framing_lines(data: bytes) -> bytes:
    """Return the lines of headers that say where a message ends."""
    return b"".join(line + b"\n" for line in data.split(b"\n") if FRAMING.match(line))


def canonical(name: str) -> str:
    """Return the name of a header with capitalized words, as Go does."""
    return "-".join(word[:1].upper() + word[1:].lower() for word in name.split("-"))


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
