# SPDX-License-Identifier: Apache-2.0
"""HTTP messages as they were on the wire."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.packets.wire import ACK, CLIENT_PORT, FIN, SYN, Peer, all_events_of, arguments
from tracee_ref.packets.http_framing import HttpState
from tracee_ref.packets.http_stream import HEAD_BYTES_MAX, HttpStreamReader
from tracee_ref.packets.streams import Piece
from tracee_ref.packets.types import HttpRequest, HttpResponse

HEAD = b"Host: me\r\n\r\n"
GET = b"GET /a HTTP/1.1\r\n" + HEAD


def events(*parts: bytes) -> list[dict[str, Any]]:
    """Return the arguments of net_packet_http of a connection whose client sends ``parts``."""
    packets = Peer(CLIENT_PORT, 8080).stream(*parts)
    return [arguments(event) for event in all_events_of(packets, ["net_packet_http"])]


def heads(*parts: bytes) -> list[tuple[str, str, str, str | None]]:
    return [
        (http.method or http.status, http.host, http.uri_path, values.get("incomplete"))
        for values in events(*parts)
        for http in [values["proto_http"]]
    ]


def headers(data: bytes) -> dict[str, list[str]]:
    (values,) = events(data)
    found: dict[str, list[str]] = values["proto_http"].headers
    return found


PIPELINED = (
    GET
    + b"POST /b HTTP/1.1\r\nHost: b\r\nContent-Length: 19\r\n\r\nGET /x HTTP/1.1\r\n\r\n"
    + b"PROPFIND /c HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"4;name=value\r\nGET \r\nF\r\n/y HTTP/1.1\r\n\r\n\r\n0\r\nTrailer: x\r\n\r\n"
    + b"\r\nget /d HTTP/1.0\nHost: d\n\n"
)
REQUESTS = [
    ("GET", "me", "/a", None), ("POST", "b", "/b", None), ("PROPFIND", "c", "/c", None),
    ("get", "d", "/d", None),
]  # fmt: skip


def test_http_pipelined() -> None:
    """Requests follow one another in a segment, and bodies are none."""
    assert heads(PIPELINED) == REQUESTS


@given(st.sets(st.integers(1, len(PIPELINED) - 1)))
def test_http_any_segments(cuts: set[int]) -> None:
    """Requests are the same however they are split."""
    edges = [0, *sorted(cuts), len(PIPELINED)]
    parts = [PIPELINED[first:last] for first, last in pairwise(edges)]
    assert heads(*parts) == REQUESTS


def test_http_many_headers() -> None:
    """Any number of headers, repeated ones, and folded lines are printed."""
    many = b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(1000))
    assert heads(b"GET / HTTP/1.1\r\n" + many + HEAD) == [("GET", "me", "/", None)]
    found = headers(b"GET / HTTP/1.1\r\nA: 1\r\n 2\r\n\t 3 \r\na:4\r\nEmpty:\r\nB :5\r\n" + HEAD)
    assert found == {"A": ["1 2 3", "4"], "Empty": [""], "B": ["5"]}
    assert headers(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == {"Host": ["a", "b"]}


def test_http_bytes() -> None:
    """Bytes are text as everywhere, also those that are not UTF-8 (rule 20)."""
    (values,) = events(b"GET /\xc3\xa4\xff HTTP/1.1\r\nHost: \xff\r\nX: \xc3\xa4\0\r\n\r\n")
    http = values["proto_http"]
    assert (http.uri_path, http.host) == ("/\u00e4\ufffdff", "\ufffdff")
    assert http.headers == {"X": ["\u00e4\0"]}


def test_http_odd_request_lines() -> None:
    """Methods are any token, and targets may contain spaces; other protocols are not HTTP."""
    for line, method, target in (
        (b"BREW /pot?a b HTTP/1.1", "BREW", "/pot?a b"),
        (b"M-SEARCH * HTTP/1.1", "M-SEARCH", "*"),
        (b"VERSION-CONTROL /x HTTP/1.1  ", "VERSION-CONTROL", "/x"),
        (b"GET http://a/ HTTP/1.0", "GET", "http://a/"),
        (b"GET   /x   HTTP/1.1", "GET", "/x"),
    ):
        assert heads(line + b"\r\n" + HEAD) == [(method, "me", target, None)]
    for line in (
        b"GET /",
        b"PRI * HTTP/2.0",
        b"OPTIONS * RTSP/1.0",
        b"SSH-2.0-x",
        b"EHLO HTTP/1.1x",
    ):
        assert heads(line + b"\r\n" + HEAD) == []


def test_http_malformed_header() -> None:
    """A line without colon is reported."""
    (values,) = events(b"GET / HTTP/1.1\r\nHost me\r\nA: 1\r\n\r\n")
    assert values["incomplete"] == "malformed: a header without colon"
    assert values["proto_http"].headers == {"A": ["1"]}


NO_END = "cut: the head: it does not end"
CUT = [
    ([b"GET /a HTTP/1.1\r\nHost: me\r\nA: 1"], ("GET", "me", "/a", NO_END)),
    ([b"GET /a"], ("GET", "", "/a", NO_END)),
    ([b"GET /a HTTP/1.1\r\nHost: me\r\n", HEAD_BYTES_MAX * b"A"],
     ("GET", "me", "/a", f"cut: the head: it is longer than {HEAD_BYTES_MAX} bytes")),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "expected"), CUT)
def test_http_cut(parts: list[bytes], expected: tuple[str, str, str, str]) -> None:
    """A head without end gives its complete headers and the reason."""
    assert heads(*parts) == [expected]


def test_http_missing_bytes() -> None:
    """A head of which the kernel side copied the start is cut; the next one is found."""
    peer = Peer(CLIENT_PORT, 80)
    packets = [
        peer.segment(flags=SYN),
        peer.segment(b"GET /a HTTP/1.1\r\nHost: me\r\nA: 1", size=5000),
        peer.segment(b"more\r\n\r\n"),
        peer.segment(GET),
    ]
    found = [arguments(event) for event in all_events_of(packets, ["net_packet_http_request"])]
    assert [values.get("incomplete") for values in found] == [
        "cut: the head: bytes after its start are missing", None,
    ]  # fmt: skip
    assert [values["http_request"].host for values in found] == ["me", "me"]


def test_http_large_body() -> None:
    """A body may be larger than what is copied of it."""
    peer = Peer(CLIENT_PORT, 80)
    put = b"PUT /a HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"
    packets = [
        peer.segment(flags=SYN),
        peer.segment(put + GET, size=len(put) + 60_000),
        peer.segment(GET, size=40_000),
        peer.segment(GET),
    ]
    found = all_events_of(packets, ["net_packet_http_request"])
    assert [arguments(event)["http_request"].method for event in found] == ["PUT", "GET"]


def test_http_head_response() -> None:
    """The response to HEAD has no body, nor do 204 and 304; others end with the connection."""
    client, server = Peer(CLIENT_PORT, 80), Peer(80, CLIENT_PORT)
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    packets = [
        client.segment(flags=SYN), server.segment(flags=SYN | ACK),
        client.segment(b"HEAD / HTTP/1.1\r\n\r\n" + GET),
        received(server.segment(b"HTTP/1.1 100 Continue\r\n\r\n" + response)),
        received(server.segment(b"HTTP/1.1 304 Not Modified\r\n\r\n")),
        received(server.segment(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 404 None\r\n\r\n")),
        received(server.segment(b"HTTP/1.1 404 None\r\n\r\n")),
        received(server.segment(flags=FIN | ACK)),
    ]  # fmt: skip
    packets[1] = received(packets[1])
    found = all_events_of(packets, ["net_packet_http_response"])
    codes = [arguments(event)["http_response"].status_code for event in found]
    assert codes == [100, 200, 304, 200]


def received(packet: bytes) -> bytes:
    return packet[:8] + b"\1" + packet[9:]


def test_http_tunnel() -> None:
    """What follows CONNECT and a switch of protocols is not HTTP, until a segment begins so."""
    assert [head[0] for head in heads(b"CONNECT a:1 HTTP/1.1\r\n\r\nGET", b"\x16\x03", GET)] == [
        "CONNECT", "GET",
    ]  # fmt: skip
    reader = HttpStreamReader()
    reader.begin()
    data = b"HTTP/1.1 101 Switching\r\n\r\n\x81"
    (message,) = reader.feed(Piece(data, len(data)))
    assert isinstance(message.value, HttpResponse)
    assert reader._state is HttpState.UNKNOWN


def test_http_begun_before_tracing() -> None:
    """Without the start of a connection a segment with a first line begins a message."""
    reader = HttpStreamReader()
    for data, count in ((b"/a HTTP/1.1\r\n" + HEAD, 0), (GET[:5], 0), (GET[5:], 1), (b"x", 0)):
        messages = [*reader.feed(Piece(data, len(data)))]
        assert [type(message.value) for message in messages] == count * [HttpRequest]


@given(st.lists(st.tuples(st.binary(max_size=300), st.integers(0, 50))))
def test_http_any_bytes(pieces: list[tuple[bytes, int]]) -> None:
    """Any bytes raise nothing, and the buffer has its limit."""
    reader = HttpStreamReader()
    reader.begin()
    for data, missing in [(b"POST / HTTP/1.1\r\n", 0), *pieces]:
        list(reader.feed(Piece(data, len(data) + missing)))
        assert reader.buffered <= HEAD_BYTES_MAX
    list(reader.close())
