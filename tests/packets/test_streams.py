# SPDX-License-Identifier: Apache-2.0
"""Messages in TCP connections: split, repeated, early, lost and cut segments."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.packets.wire import (
    ACK,
    CLIENT_PORT,
    FIN,
    RST,
    SYN,
    Peer,
    all_events_of,
    arguments,
    base_of,
    derivation,
)
from tracee_ref.packets import connections
from tracee_ref.packets.streams import WAITING_BYTES_MAX, WAITING_SEGMENTS_MAX, Piece, Stream

DNS = ["net_packet_dns"]


def query(number: int, *, name: bytes = b"\1a") -> bytes:
    """Return a query with its length."""
    message = struct.pack("!6H", number, 0x100, 1, 0, 0, 0) + name + b"\0\0\1\0\1"
    return struct.pack("!H", len(message)) + message


QUERIES = b"".join(query(number, name=bytes([number]) + number * b"a") for number in range(1, 20))


def client() -> Peer:
    return Peer(CLIENT_PORT, 53)


def found(*packets: bytes) -> list[tuple[int, str | None]]:
    """Return id and reason of each DNS event of packets."""
    events = [arguments(event) for event in all_events_of(packets, DNS)]
    return [(values["proto_dns"].id, values.get("incomplete")) for values in events]


def complete(*numbers: int) -> list[tuple[int, str | None]]:
    return [(number, None) for number in numbers]


@given(st.sets(st.integers(1, len(QUERIES) - 1)), st.data())
def test_stream_any_segments(cuts: set[int], data: st.DataObject) -> None:
    """Segments of any size, in nearly any order and repeated, give each message once."""
    edges = [0, *sorted(cuts), len(QUERIES)]
    peer = client()
    opening, start = peer.segment(flags=SYN), peer.sequence
    spans = [*pairwise(edges)]
    spans += data.draw(st.lists(st.sampled_from([*spans, (0, len(QUERIES) // 2)])))
    spans = data.draw(st.permutations(spans))
    packets = [peer.at(start + first, QUERIES[first:last]) for first, last in spans]
    assert found(opening, *packets) == complete(*range(1, 20))


def test_stream_length_alone() -> None:
    """The length of a message may have a segment of its own, and a byte too."""
    message = query(7)
    assert found(*client().stream(message[:2], message[2:])) == complete(7)
    assert found(*client().stream(message[:1], message[1:])) == complete(7)


def test_stream_both_directions() -> None:
    """The directions of a connection, and each end of it, are streams of their own."""
    peer, server = client(), Peer(53, CLIENT_PORT)
    packets = [
        peer.segment(flags=SYN), server.segment(flags=SYN | ACK), peer.segment(query(1)[:9]),
        server.segment(query(2)), peer.segment(query(1)[9:]),
    ]  # fmt: skip
    assert found(*packets) == complete(2, 1)


def test_stream_begun_before_tracing() -> None:
    """Without the start of a connection, messages are read from a segment of whole ones on."""
    peer = client()
    assert found(peer.segment(query(1)[5:]), peer.segment(query(2) + query(3))) == complete(2, 3)
    continuation = query(1)[2:] + query(2)
    assert found(client().segment(continuation)) == []


def test_stream_large_segment() -> None:
    """The bytes that were not copied cut a message; the next one is found after them."""
    peer, large = client(), query(1, name=b"".join(b"\1a" for _ in range(99)))
    assert found(
        peer.segment(flags=SYN), peer.segment(large[:90], size=len(large)), peer.segment(query(2))
    ) == [(1, f"cut: 88 of {len(large) - 2} bytes"), (2, None)]
    peer = client()
    assert found(
        peer.segment(flags=SYN), peer.segment(query(1) + large[:50], size=len(query(1)) + 120),
        peer.segment(large[120:] + query(2)), peer.segment(query(3)),
    ) == [(1, None), (1, f"cut: 48 of {len(large) - 2} bytes"), (2, None), (3, None)]  # fmt: skip


def test_stream_unseen_messages() -> None:
    """Missing bytes after a message, in which others may begin, are said."""
    for last, missing, reasons in (
        (b"", 9, ["cut: 9 bytes are missing, in which messages may begin"]),
        (query(2)[:9], 12, ["cut: 12 bytes are missing, in which messages may begin"]),
        (query(2)[:-3], 3, ["cut: 16 of 19 bytes"]),
        (query(2)[:-3], 4, ["cut: 16 of 19 bytes",
                            "cut: 4 bytes are missing, in which messages may begin"]),
    ):  # fmt: skip
        packets = client().stream(query(1), last + bytes(missing))
        whole = [*packets]
        whole[-1] = whole[-1][:-missing]
        assert [reason for _, reason in found(*whole)] == [None, *reasons]
    assert found(*client().stream(query(1)[:2]), client().segment(size=9)) == []


def test_stream_lost_segment() -> None:
    """A segment without a record is skipped when the peer has acknowledged later ones."""
    peer, server = client(), Peer(53, CLIENT_PORT)
    opening = [peer.segment(flags=SYN), server.segment(flags=SYN | ACK)]
    first = peer.segment(query(1)[:-3])
    peer.segment(query(1)[-3:])  # lost
    later = [peer.segment(query(2)), peer.segment(query(3))]
    assert found(*opening, first, *later) == [(1, "cut: 16 of 19 bytes")]  # at the end of the run
    acknowledged = incoming(server.segment(ack=peer.sequence & 0xFFFFFFFF))
    last = peer.segment(query(4))
    assert found(*opening, first, *later, acknowledged, last) == [
        (1, "cut: 16 of 19 bytes"), (2, None), (3, None), (4, None),
    ]  # fmt: skip


def incoming(packet: bytes) -> bytes:
    """Return a packet as one that was received, of the same connection."""
    return packet[:8] + struct.pack("=I", 1) + packet[12:]


def test_stream_acknowledgment_alone() -> None:
    """A peer cannot hide what is sent to it by acknowledging it before."""
    peer, server = client(), Peer(53, CLIENT_PORT)
    early = incoming(server.segment(flags=SYN | ACK, ack=(peer.sequence + 100) & 0xFFFFFFFF))
    assert found(peer.segment(flags=SYN), early, peer.segment(query(1))) == complete(1)


def test_stream_end_cuts() -> None:
    """FIN and RST, and the end of the run, cut an incomplete message."""
    cut = [(1, "cut: 16 of 19 bytes")]
    for ends in ([FIN | ACK], [RST], []):
        peer = client()
        packets = [peer.segment(flags=SYN), peer.segment(query(1)[:-3])]
        assert found(*packets, *[peer.segment(flags=flags) for flags in ends]) == cut
    peer = client()
    packets = [peer.segment(flags=SYN), peer.segment(query(1)[:9], FIN | ACK)]
    assert found(*packets) == []  # not even the header


def test_stream_forged_reset_and_syn() -> None:
    """RST and SYN with wrong numbers do not end a connection."""
    peer = client()
    packets = [peer.segment(flags=SYN), peer.segment(query(1)[:-3])]
    forged = [incoming(peer.at(peer.sequence + 1, flags=RST)), peer.at(12345, flags=SYN)]
    assert found(*packets, *forged, peer.segment(query(1)[-3:])) == complete(1)


def test_stream_same_ports_again() -> None:
    """A new connection with the addresses and ports of an old one is a new stream."""
    first, server = client(), Peer(53, CLIENT_PORT)
    again = Peer(CLIENT_PORT, 53, sequence=77)
    closed = [*first.stream(query(1), query(2)[:-1]), first.segment(flags=FIN)]
    assert found(*closed, *again.stream(query(3))) == [
        (1, None), (2, "cut: 18 of 19 bytes"), (3, None),
    ]  # fmt: skip
    again = Peer(CLIENT_PORT, 53, sequence=77)
    unseen_end = [*client().stream(query(1)), again.segment(flags=SYN)]
    answered = incoming(server.segment(flags=SYN | ACK, ack=78))
    server_seen = incoming(Peer(53, CLIENT_PORT).segment(flags=SYN))
    assert found(server_seen, *unseen_end, answered, again.segment(query(2))) == complete(1, 2)


def test_stream_retransmitted() -> None:
    """A segment that was sent again gives no second event, also after the end."""
    peer = client()
    packets = [peer.segment(flags=SYN), peer.segment(query(1)), peer.segment(flags=FIN)]
    assert found(*packets[:2], *packets) == complete(1)


def test_stream_waiting_limits() -> None:
    """More segments than are kept make the missing ones lost."""
    stream = Stream()
    assert stream.begin(0)
    for number in range(WAITING_SEGMENTS_MAX):
        assert not [*stream.add(10 + 2 * number, Piece(b"x", 1))]
    pieces = [*stream.add(9, Piece(b"x", 1))]
    assert pieces[:3] == [Piece(b"", 8), Piece(b"x", 1), Piece(b"x", 1)]
    stream = Stream()
    assert stream.begin(0)
    size = WAITING_BYTES_MAX // 2
    assert not [*stream.add(10, Piece(size * b"x", size))]
    assert not [*stream.add(10, Piece(size * b"x", size))]  # the same one
    assert stream.waiting_bytes == size
    assert [*stream.add(10 + 2 * size, Piece(2 * size * b"x", 2 * size))]


def test_stream_first_copy_counts() -> None:
    """Of bytes that were sent twice the first count."""
    stream = Stream()
    assert stream.begin(0)
    assert [*stream.add(1, Piece(b"ab", 2))] == [Piece(b"ab", 2)]
    assert [*stream.add(1, Piece(b"xyz", 3))] == [Piece(b"z", 1)]
    assert not [*stream.add(6, Piece(b"f", 1))]
    assert [*stream.add(4, Piece(b"DEF", 3))] == [Piece(b"DEF", 3)]
    assert [*stream.add(7, Piece(b"g", 1))] == [Piece(b"g", 1)]


def test_connections_forgotten() -> None:
    """Idle streams are forgotten; their messages have the facts of their own packets."""
    derive = derivation(DNS)
    peer, other = client(), Peer(CLIENT_PORT + 1, 53)
    for packet in (peer.segment(flags=SYN), peer.segment(query(1)[:-3])):
        assert derive(base_of(packet, time=5)) == []
    (event,) = derive(base_of(other.segment(flags=SYN), time=6 + connections.IDLE_NS))
    assert (event.timestamp, arguments(event)["src_port"]) == (5, CLIENT_PORT)
    assert arguments(event)["incomplete"] == "cut: 16 of 19 bytes"


@pytest.mark.parametrize("limit", [("STREAMS_MAX", 3), ("BUFFERED_BYTES_MAX", 3 * 4014)])
def test_connections_limits(monkeypatch: pytest.MonkeyPatch, limit: tuple[str, int]) -> None:
    """Beyond their number or buffered bytes, the streams without packets for longest are cut."""
    monkeypatch.setattr(connections, *limit)
    derive, data = derivation(DNS), struct.pack("!H", 0xFFFF) + bytes(12) + bytes(4000)
    cut = [
        arguments(event)["src_port"]
        for port in range(10)
        for packet in Peer(port, 53).stream(data)
        for event in derive(base_of(packet))
    ]
    assert cut == [*range(7)]
