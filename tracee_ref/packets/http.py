# SPDX-License-Identifier: Apache-2.0
"""Parser of HTTP/1 heads at the start of a packet.

A truncated head has the headers that are complete.
"""

from __future__ import annotations

import io
import re
from functools import lru_cache
from http.client import HTTPException, parse_headers
from typing import Final

from .headers import TCP, Packet
from .types import Http, HttpRequest, HttpResponse

METHODS: Final = "GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS|TRACE|CONNECT"
REQUEST: Final = re.compile(rf"({METHODS}) (\S+) (HTTP/\d\.\d)")
RESPONSE: Final = re.compile(r"(HTTP/\d\.\d) ((\d{3})(?: .*)?)")
UNKNOWN_LENGTH: Final = -1


@lru_cache(maxsize=1)
def read_http(packet: Packet) -> HttpRequest | HttpResponse | None:
    """Return the head at the start of the payload of a TCP packet, or None."""
    if packet.protocol != TCP or packet.transport is None:
        return None
    first, _, rest = packet.payload.partition(b"\n")
    line = first.decode("latin-1").rstrip("\r")
    if found := REQUEST.fullmatch(line):
        headers = _headers(rest)
        host = headers.pop("Host", [""])[0]
        length = _length(headers, 0)
        return HttpRequest(found[1], found[3], host, found[2], headers, length)
    if found := RESPONSE.fullmatch(line):
        headers = _headers(rest)
        length = _length(headers, UNKNOWN_LENGTH)
        return HttpResponse(found[2], int(found[3]), found[1], headers, length)
    return None


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


def _headers(data: bytes) -> dict[str, list[str]]:
    """Return the values of each header, by its canonical name."""
    head, end, _ = data.partition(b"\r\n\r\n")
    if not end:  # the last line may be incomplete
        head = head[: head.rfind(b"\n") + 1]
    try:
        message = parse_headers(io.BytesIO(head.rstrip(b"\r\n") + b"\r\n\r\n"))
    except HTTPException:
        return {}
    headers: dict[str, list[str]] = {}
    for name, value in message.items():
        headers.setdefault(canonical(name), []).append(str(value).strip())
    return headers


def canonical(name: str) -> str:
    """Return the name of a header with capitalized words, as Go does."""
    return "-".join(word[:1].upper() + word[1:].lower() for word in name.split("-"))


def _length(headers: dict[str, list[str]], default: int) -> int:
    text = headers.get("Content-Length", [""])[0]
    if "Transfer-Encoding" in headers:
        return UNKNOWN_LENGTH
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else default
