# SPDX-License-Identifier: Apache-2.0
"""Searches for the costliest packet, whose cost its bytes must bound.

Hypothesis maximizes the CPU time.  What must hold is about steps, lines of Python that are
executed: their number does not depend on the machine.
"""

from __future__ import annotations

import struct
import sys
import time
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, Final

import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st

from tests.packets.wire import (
    CLIENT_PORT,
    EVENTS,
    Peer,
    base_of,
    derivation,
    ipv4,
    ipv6,
    sent,
    tcp,
    udp,
)
from tracee_ref.output.json_lines import JsonPrinter
from tracee_ref.packets.dns_data import TYPES

RATIO_MAX: Final = 100
PAYLOAD_BYTES: Final = 4050


def print_events(packets: Iterable[bytes]) -> int:
    """Derive and print all events of packets; return the length of the lines in bytes."""
    derive, printer = derivation(EVENTS), JsonPrinter()
    events = [event for packet in packets for event in derive(base_of(packet))]
    return sum(len(printer.line(event)) for event in [*events, *derive.finish()])


def steps_of(packets: list[bytes]) -> int:
    """Return the number of lines that are executed for packets."""
    count, before = 0, sys.gettrace()

    def trace(_frame: FrameType, _event: str, _value: Any) -> Callable[..., Any]:
        nonlocal count
        count += 1
        return trace

    sys.settrace(trace)
    try:
        print_events(packets)
    finally:
        sys.settrace(before)
    return count


def check(packets: list[bytes], plain: list[bytes]) -> None:
    """Hold the steps of packets under RATIO_MAX times those of plain ones of the same length."""
    start = time.thread_time()
    size = print_events(packets)
    target(time.thread_time() - start)
    assert size < 100 * sum(map(len, packets)) + 100_000
    assert steps_of(packets) < RATIO_MAX * steps_of(plain)


def plain_dns(size: int) -> bytes:
    """Return an answer of ``size`` bytes or less with addresses."""
    count = max(0, (size - 29) // 16)
    message = struct.pack("!6H", 1, 0x8180, 1, count, 0, 0) + b"\7example\3com\0\0\1\0\1"
    return message + count * (b"\xc0\x0c" + struct.pack("!2HIH", 1, 1, 60, 4) + b"\1\2\3\4")


def plain_http(size: int) -> bytes:
    header = b"X-Header: a value of thirty bytes\r\n"
    return b"GET / HTTP/1.1\r\nHost: me\r\n" + size // len(header) * header + b"\r\n"


LABELS = st.builds(
    lambda label, n: n * label + b"\0",
    st.sampled_from([b"\1a", b"\1.", b"\0"]),
    st.integers(1, 126),
)
POINTERS = st.integers(12, 300).map(lambda offset: struct.pack("!H", 0xC000 | offset))
DNS_NAMES = st.one_of(POINTERS, POINTERS.map(lambda pointer: b"\1a" + pointer), LABELS)
REPEATED = [b"\xff", b"\0", b"\1\0", b"\0\x20" + 32 * b"\xff", b"\0\1\0\0"]
CONTENTS = st.one_of(
    DNS_NAMES,
    st.builds(lambda prefix, name: prefix + name, st.binary(max_size=6), DNS_NAMES),
    st.binary(max_size=30),
    st.builds(lambda item, n: n * item, st.sampled_from(REPEATED), st.integers(1, 600)),
)  # fmt: skip
RECORDS = st.builds(
    lambda name, kind, class_, data: name + struct.pack("!2HIH", kind, class_, 1, len(data)) + data,
    DNS_NAMES,
    st.one_of(st.sampled_from(sorted(TYPES)), st.integers(0, 0xFFFF)),
    st.sampled_from([1, 1, 1, 3, 255, 4096]),
    CONTENTS,
)
DNS_MESSAGES = st.builds(
    lambda first, questions, records, repeated, flags: (
        struct.pack("!6H", 1, flags, 1 + questions, 0xFFFF, 0, 0)
        + first + b"\0\1\0\1" + questions * b"\xc0\x0c\0\1\0\1"
        + b"".join(records) * repeated
    )[:PAYLOAD_BYTES],
    LABELS, st.integers(0, 600), st.lists(RECORDS, max_size=12), st.integers(1, 400),
    st.sampled_from([0x8180, 0x100]),
)  # fmt: skip


@settings(max_examples=60)
@given(DNS_MESSAGES)
def test_cost_dns(message: bytes) -> None:
    """The costliest DNS message."""
    check([sent(ipv4(17, udp(message)))], [sent(ipv4(17, udp(plain_dns(len(message)))))])


@pytest.mark.parametrize("kind", ["compressed", "bitmap", "questions", "unknown"])
def test_cost_dns_bombs(kind: str) -> None:
    """Messages that were costly."""
    long = b"".join(b"\1a" for _ in range(120)) + b"\0"
    records = {
        "compressed": 280 * (b"\xc0\x0c" + struct.pack("!2HIH", 2, 1, 1, 2) + b"\xc0\x0c"),
        "bitmap": b"\0" + struct.pack("!2HIH", 47, 1, 1, 3 + 34 * 110) + b"\1a\0" + b"".join(
            bytes([window, 32]) + 32 * b"\xff" for window in range(110)
        ),
        "questions": 300 * b"\0\0\1\0\1",
        "unknown": b"".join(b"\0" + struct.pack("!2HIH", n, n, 1, 0) for n in range(260, 600)),
    }  # fmt: skip
    questions = 301 if kind == "questions" else 1
    header = struct.pack("!6H", 1, 0x8180, questions, 0xFFFF, 0, 0)
    message = (header + long + b"\0\1\0\1" + records[kind] + plain_dns(2000)[29:])[:PAYLOAD_BYTES]
    check_alone([sent(ipv4(17, udp(message)))], [sent(ipv4(17, udp(plain_dns(len(message)))))])


def check_alone(packets: list[bytes], plain: list[bytes]) -> None:
    print_events(packets)  # imports dnspython's parsers
    assert steps_of(packets) < RATIO_MAX / 4 * steps_of(plain)


HTTP_LINES = st.one_of(
    st.sampled_from([
        b"\n", b"\r\n", b" \n", b":\n", b"a\n", b"A:1\r\n", b"Transfer-Encoding: chunked\r\n",
        b"0\r\n", b"1\r\nx\r\n", b"GET / HTTP/1.1\n\n", b"HTTP/1.1 100 x\n\n",
    ]),
    st.binary(max_size=40).map(lambda line: line + b"\r\n"),
)  # fmt: skip


@settings(max_examples=60)
@given(
    st.sampled_from([b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n"]),
    st.lists(HTTP_LINES, max_size=20),
    st.integers(1, 3000),
)
def test_cost_http(first: bytes, lines: list[bytes], repeated: int) -> None:
    """The costliest segment of HTTP."""
    segment = (first + b"".join(lines) * repeated)[:PAYLOAD_BYTES]
    check(
        [*Peer(CLIENT_PORT, 80).stream(segment)],
        [*Peer(CLIENT_PORT, 80).stream(plain_http(len(segment)))],
    )


@settings(max_examples=60)
@given(
    st.binary(max_size=200), st.sampled_from([ipv4, ipv6]), st.integers(0, 255), st.integers(0, 300)
)
def test_cost_headers(
    data: bytes, network: Callable[..., bytes], protocol: int, transport: int
) -> None:
    """The costliest headers."""
    packet = network(protocol, data)
    plain = sent(ipv4(6, tcp(b"", target=9)))
    check([sent(packet, protocol=protocol, transport=transport)], [plain])


@pytest.mark.parametrize("size", [1, 2, 50])
def test_cost_streams(size: int) -> None:
    """A stream of small segments costs as much as one of the same segments without messages."""
    data = (b"GET / HTTP/1.1\r\n" + 40 * b"a: b\r\n")[:256]
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    for port in (80, 53):
        packets = [*Peer(CLIENT_PORT, port).stream(*parts)]
        plain = [*Peer(CLIENT_PORT, 9).stream(*[len(part) * b"\xff" for part in parts])]
        assert steps_of(packets) < 3 * steps_of(plain)
