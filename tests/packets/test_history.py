# SPDX-License-Identifier: Apache-2.0
"""Decoding of a connection: the same after any history of other connections."""

from __future__ import annotations

import os
import random
import struct

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tracee_ref.packets.dns_stream  # noqa: F401  which a child would import each time
from tests.packets.wire import ACK, FIN, RST, SYN, Peer, all_events_of, ipv4, ipv6, sent, udp

EVENTS = ["net_packet_dns", "net_packet_http", "net_packet_udp", "net_packet_tcp"]
OURS, OTHERS = range(100, 105), range(200, 205)
"""Ports of clients."""

HTTP = st.sampled_from([
    b"GET /a HTTP/1.1\r\nHost: me\r\n\r\n", b"HEAD / HTTP/1.1\r\n\r\n",
    b"CONNECT a HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"HTTP/1.1 101 x\r\n\r\n", b"\x81\x05", b"GE",
    b"5\r\nabcde\r\n", b"0\r\n\r\n",
])  # fmt: skip
CONTENTS = [(28, bytes(15) + b"\1"), (28, bytes(15) + b"\1"), (1, b"\1a\0\0\1"), (64, b"\0\1\0")]
RECORDS = st.builds(
    lambda content, class_: (
        b"\0" + struct.pack("!2HIH", content[0], class_, 1, len(content[1])) + content[1]
    ),
    st.sampled_from(CONTENTS),
    st.sampled_from([1, 1, 3, 255, 77]),
)
"""Contents that types have in one class, with several classes."""

MESSAGES = st.lists(RECORDS, min_size=1, max_size=3).map(
    lambda records: struct.pack("!6H", 1, 0x8180, 0, len(records), 0, 0) + b"".join(records)
)


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


@st.composite
def segments(draw: st.DrawFn, ports: range) -> bytes:
    """Draw a packet of one of a few connections."""
    client, server = draw(st.sampled_from(ports)), draw(st.sampled_from([53, 80]))
    ends = draw(st.sampled_from([(client, server), (server, client)]))
    peer = Peer(*ends, sequence=draw(st.sampled_from([0, 1, 30, 60])))
    flags = draw(st.sampled_from([ACK, ACK, ACK, SYN, SYN | ACK, FIN | ACK, RST]))
    data = b"" if flags & (SYN | RST) else draw(st.one_of(HTTP, MESSAGES.map(framed)))
    packet = peer.segment(data, flags, ack=draw(st.sampled_from([0, 1, 31])))
    return packet[:8] + bytes([draw(st.integers(0, 1))]) + packet[9:]


@st.composite
def datagrams(draw: st.DrawFn, ports: range) -> bytes:
    data = udp(draw(st.one_of(MESSAGES, st.binary(max_size=40))), draw(st.sampled_from(ports)))
    return sent(ipv6(17, data) if draw(st.booleans()) else ipv4(17, data))


def history(ports: range) -> st.SearchStrategy[list[bytes]]:
    """Draw packets of connections with some clients."""
    return st.lists(st.one_of(segments(ports), datagrams(ports)), max_size=8)


def decoded(packets: list[bytes]) -> list[bytes]:
    """Return the events of our clients, decoded by a process that has decoded nothing before."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        events = [
            event.event_name.encode() + msgspec.json.encode(event.args)
            for event in all_events_of(packets, EVENTS)
            if {each.value for each in event.args if each.name.endswith("_port")} & {*OURS}
        ]
        with os.fdopen(writing, "wb") as file:
            file.write(b"\n".join(sorted(events)) + b".")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        found = file.read()
    os.waitpid(pid, 0)
    assert found.endswith(b".")
    return found.split(b"\n")


OTHERS_FIRST = 1
"""A seed by which the packet of others comes before ours."""


def answer(class_: int, ports: range) -> bytes:
    """Return an answer with an address of IPv6 in a class."""
    record = b"\0" + struct.pack("!2HIH", 28, class_, 1, 16) + bytes(16)
    return sent(ipv4(17, udp(struct.pack("!6H", 1, 0x8180, 0, 1, 0, 0) + record, ports[0])))


@settings(max_examples=40, deadline=None)
@given(history(OURS), history(OTHERS), st.integers(0, 100))
@example([answer(1, OURS)], [answer(3, OTHERS)], OTHERS_FIRST)
def test_history_of_others(ours: list[bytes], others: list[bytes], seed: int) -> None:
    """Packets of other connections, before and between ours, change nothing."""
    order = [0] * len(ours) + [1] * len(others)
    random.Random(seed).shuffle(order)
    queues = iter(ours), iter(others)
    assert decoded([next(queues[which]) for which in order]) == decoded(ours)
