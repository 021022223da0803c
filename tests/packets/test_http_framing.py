# SPDX-License-Identifier: Apache-2.0
"""Ends of HTTP messages, and reports of those that cannot be seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.packets.wire import ACK, CLIENT_PORT, SYN, Peer, all_events_of, arguments
from tracee_ref.packets.http_stream import HEAD_BYTES_MAX, HttpStreamReader
from tracee_ref.packets.messages import Message
from tracee_ref.packets.streams import Piece
from tracee_ref.packets.types import HttpRequest, HttpResponse

HEAD = b"Host: me\r\n\r\n"
GET = b"GET /a HTTP/1.1\r\n" + HEAD
FOUND = ("GET", "/a", None)
STRAY = "malformed: bytes after a message that begin none"
CHUNKS = "malformed: the chunks of a body"
LONG = f"cut: the head: it is longer than {HEAD_BYTES_MAX} bytes"
PIECES = [10_000, 1, 3, 4000]


def gap(missing: int) -> str:
    return f"cut: {missing} bytes are missing, in which messages may begin"


def read(*pieces: bytes | int, size: int = 0) -> list[tuple[str, str, str | None]]:
    """Return method or status, target and reason of each message; a number is of missing bytes.

    ``size`` splits each piece.
    """
    reader = HttpStreamReader()
    found: list[Message] = []
    reader.begin()
    for piece in pieces:
        if isinstance(piece, int):
            found += reader.feed(Piece(b"", piece))
        else:
            step = size or len(piece) or 1
            parts = [piece[at : at + step] for at in range(0, len(piece), step)]
            found += [message for part in parts for message in reader.feed(Piece(part, len(part)))]
    return [
        (value.method, value.uri_path, reason)
        if isinstance(value, HttpRequest)
        else (value.status, "", reason)
        for value, reason in found
        if isinstance(value, HttpRequest | HttpResponse)
    ]


def post(*headers: bytes) -> bytes:
    return b"POST /p HTTP/1.1\r\n" + b"".join(line + b"\r\n" for line in headers) + b"\r\n"


LONG_LINE = b"X: " + 20_000 * b"y"
SEEN = [
    (post(b"Content-Length: 2", b"content-length : 2") + b"xx" + GET, None),
    (post(b"Content-Length: 2, 2") + b"xx" + GET, None),
    (post(b"Content-Length: " + 9000 * b"0" + b"2") + b"xx" + GET, None),
    (post(b"Transfer-Encoding: chunked") + 30 * b"0" + b"2\nxx\n00\n\n" + GET, None),
    (post(b"Transfer-Encoding: gzip, Chunked") + b"2\r\nxx\r\n0\r\n\r\n" + GET, None),
    (post(b"Transfer-Encoding:chunked", b"Content-Length: 9") + b"0\r\n\r\n" + GET, None),
    (post(b"Transfer-Encoding: chunked") + b"2;" + 9000 * b"e" + b"\r\nxx\r\n0\r\n"
     + b"T: " + 9000 * b"t" + b"\r\n\r\n" + GET, None),
    (post(LONG_LINE, b"Content-Length: 2") + b"xx" + GET, LONG),
    (post(b"Content-Length: 2", LONG_LINE) + b"xx" + GET, LONG),
    (post(LONG_LINE, b"Transfer-Encoding:", b" chunked") + b"1\nx\n0\n\n" + GET, LONG),
    (post(b"Host: " + 16_296 * b"h", *10 * [b"Y: y"]) + GET, None),
    (post(b"Host: " + 16_297 * b"h", *10 * [b"Y: y"]) + GET, LONG),
]  # fmt: skip
"""Messages after which the next one is found."""


@pytest.mark.parametrize("size", PIECES)
@pytest.mark.parametrize(("data", "reason"), SEEN, ids=range(len(SEEN)))
def test_framing_next_message(data: bytes, reason: str | None, size: int) -> None:
    """The message after one with an odd body or head is found, however both are split."""
    assert read(data, size=size) == [("POST", "/p", reason), FOUND]


@pytest.mark.parametrize("size", PIECES)
def test_framing_long_target(size: int) -> None:
    """A request whose target is too long is cut, and the next one found."""
    data = b"GET /" + 20_000 * b"x" + b" HTTP/1.1\r\nContent-Length: 2\r\n\r\nxx"
    assert read(data + GET, size=size) == [("GET", "/" + (HEAD_BYTES_MAX - 5) * "x", LONG), FOUND]


HIDDEN = [
    (post(b"Content-Length: 1") + b"x\0" + GET, [("POST", "/p", None), ("", "", STRAY)]),
    (post(b"Content-Length: 1", b"Content-Length: 2") + b"xx" + GET,
     [("POST", "/p", "malformed: several lengths of the body")]),
    (post(b"Content-Length: +1") + b"x" + GET,
     [("POST", "/p", "malformed: the length of the body")]),
    (post(b"Transfer-Encoding: chunked, x") + GET,
     [("POST", "/p", "malformed: a body without length")]),
    (post(b"Transfer-Encoding: chunked") + b"x\r\n" + GET,
     [("POST", "/p", None), ("", "", CHUNKS)]),
    (post(b"Transfer-Encoding: chunked") + b"1\r\nxx" + GET + b"\r\n",
     [("POST", "/p", None), ("", "", CHUNKS)]),
    (GET + b"GET /http/0.9\r\n" + GET, [FOUND, ("", "", STRAY)]),
]  # fmt: skip


@pytest.mark.parametrize("size", PIECES)
@pytest.mark.parametrize(("data", "expected"), HIDDEN, ids=range(len(HIDDEN)))
def test_framing_reported(
    data: bytes, expected: list[tuple[str, str, str | None]], size: int
) -> None:
    """Where the end of a message is not known, that is said, and nothing is invented."""
    found = read(data, size=size)
    assert found[: len(expected)] == expected
    assert all(message == FOUND for message in found[len(expected) :])


def test_framing_missing_bytes() -> None:
    """Missing bytes in which messages may begin are said, those of a body are not."""
    assert read(GET, 500) == [FOUND, ("", "", gap(500))]
    assert read(post(b"Content-Length: 500"), 500, GET) == [("POST", "/p", None), FOUND]
    assert read(post(b"Content-Length: 500"), 501)[1:] == [("", "", gap(1))]
    assert read(post(b"Transfer-Encoding: chunked"), 9)[1:] == [("", "", gap(9))]
    assert read(post(LONG_LINE)[:-2], 9)[1:] == [("", "", gap(9))]
    assert read(GET + GET[:20], 9)[1:] == [
        ("GET", "/a", "cut: the head: bytes after its start are missing")
    ]
    assert read(GET + b"G", 9)[1:] == [("", "", gap(9))]
    assert read(b"HTTP/1.1 304 x\n\n", 9)[1:] == [("", "", gap(9))]
    assert read(b"HTTP/1.1 200 x\n\n", 9) == [("200 x", "", None)]
    assert read(b"\x16\x03", 9) == read(500) == []


def test_framing_other_protocols() -> None:
    """Another protocol after CONNECT or an upgrade is not malformed; HTTP is found there, too."""
    upgrade = b"GET /a HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"
    connect, tls = b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"\x16\x03\x01"
    assert read(upgrade + b"\x81\x05hello") == read(upgrade, 5) == [FOUND]
    assert read(connect + tls, GET)[1:] == read(connect + GET)[1:] == [FOUND]
    assert read(b"HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n\x81") == [("101 x", "", None)]
    assert read(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0") == []


def test_framing_first_lines() -> None:
    """First lines are split at any white space, and empty lines may precede them."""
    assert read(b"GET\t/a\x0bHTTP/1.1\r\n" + HEAD) == [FOUND]
    assert read(900 * b"M" + b" /a HTTP/1.1\r\n" + HEAD) == [(900 * "M", "/a", None)]
    assert read(b"HTTP/1.1  200 OK\r\n\r\n") == [("200 OK", "", None)]
    reader = HttpStreamReader()
    data = b"\r\n" + GET
    assert len([*reader.feed(Piece(data, len(data)))]) == 1


def test_framing_many_methods() -> None:
    """The methods of a thousand requests are kept until their responses come."""
    client, server = Peer(CLIENT_PORT, 80), Peer(80, CLIENT_PORT)
    requests = b"HEAD /a HTTP/1.1\r\n\r\n" + 999 * GET
    responses = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + 999 * (
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
    )
    packets = [
        client.segment(flags=SYN), server.segment(flags=SYN | ACK), client.segment(requests),
        server.segment(responses),
    ]  # fmt: skip
    packets[1], packets[3] = (packet[:8] + b"\1" + packet[9:] for packet in packets[1::2])
    events = all_events_of(packets, ["net_packet_http_response"])
    assert [arguments(event).get("incomplete") for event in events] == 1000 * [None]


@given(
    st.lists(
        st.one_of(st.sampled_from([data for data, _ in SEEN + HIDDEN]), st.binary()), max_size=4
    ),
    st.integers(1, 20_000),
)
def test_framing_any_split(parts: list[bytes], size: int) -> None:
    """Messages do not depend on how the bytes are split, but for those after unknown bytes."""
    data = b"".join(parts)
    whole, split = read(data), read(data, size=size)
    known = next(
        (n for n, (*_, reason) in enumerate(whole) if (reason or "")[:3] == "mal"), len(whole)
    )
    assert split[:known] == whole[:known]
