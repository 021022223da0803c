# SPDX-License-Identifier: Apache-2.0
"""Tests of the parsers of packets, and of the events derived from packets."""

from __future__ import annotations

import struct

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.packets.wire import EVENTS, base_of, events_of, ipv4, ipv6, sent, tcp, udp
from tracee_ref.abi import PACKET_TOO_DEEP
from tracee_ref.derivation.graph import kernel_scopes
from tracee_ref.derivation.rules import built_in_rules
from tracee_ref.derivation.stage import Derivation
from tracee_ref.events.catalogue import all_events
from tracee_ref.events.hook_names import PACKET
from tracee_ref.model.scope import Scope
from tracee_ref.output.go_values import go_text
from tracee_ref.packets.headers import protocol_name
from tracee_ref.packets.icmp import TYPES, TYPES_V6, type_code
from tracee_ref.tables import selecting_scopes

QUERY = bytes.fromhex("123401000001000000000000") + b"\7example\3com\0\0\1\0\1"
ANSWER = bytes.fromhex("123485800001000200000000") + QUERY[12:] + bytes.fromhex(
    "c00c00010001000000050004" "01020304" "c00c0010000100000006000403616263"
)  # fmt: skip
GET = b"GET /a?b=1 HTTP/1.1\r\nHost: me\r\naccept: */*\r\nAccept: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def printed(packet: bytes, event: str) -> dict[str, str]:
    return {name: go_text(value) for name, value in events_of(sent(packet))[event].items()}


def test_icmp_echo_request() -> None:
    """An echo request has the printed form and the JSON of Tracee v0.12."""
    message = struct.pack("!BBHHH", 8, 0, 36097, 22, 1)
    assert printed(ipv4(1, message), "icmp") == {
        "src": "127.0.0.1",
        "dst": "127.0.0.1",
        "proto_icmp": "{EchoRequest 36097 22 1}",
    }
    value = events_of(sent(ipv4(1, message)))["icmp"]["proto_icmp"]
    encoded = msgspec.json.encode(value)
    assert encoded == b'{"typeCode":"EchoRequest","checksum":36097,"id":22,"seq":1}'


def test_headers() -> None:
    """The fields of IP, UDP and TCP headers have the order of Tracee v0.12."""
    packet = ipv4(17, udp(b"x", target=9), options=b"\1\1\1\1")
    found = events_of(sent(packet))
    assert found.keys() == {"ipv4", "udp"}
    assert printed(packet, "ipv4")["proto_ipv4"] == (
        "{4 6 16 33 7 0 0 64 UDP 9 127.0.0.1 127.0.0.1}"
    )
    assert printed(packet, "udp")["proto_udp"] == "{1000 9 9 3}"
    assert (found["udp"]["src_port"], found["udp"]["dst_port"]) == (1000, 9)
    packet = ipv6(6, tcp(b"", word=0x5112))
    assert events_of(sent(packet)).keys() == {"ipv6", "tcp"}
    assert printed(packet, "ipv6")["proto_ipv6"] == "{6 1 5 20 TCP 63 ::1 ::1}"
    assert printed(packet, "tcp")["proto_tcp"] == "{1000 80 1 2 5 0 1 0 0 1 0 0 0 1 5 6 7}"


def test_headers_ipv6_extensions() -> None:
    """The kernel side leaves out extension headers; too many of them are reported."""
    message = struct.pack("!BBH", 128, 0, 5)
    packet = sent(ipv6(0, message), protocol=58, transport=40 + 24, skipped=24, length=68)
    assert events_of(packet)["icmpv6"]["proto_icmpv6"].type_code == "EchoRequest"
    for name, network in (("ipv4", ipv4), ("ipv6", ipv6)):
        found = events_of(sent(network(0, message), protocol=PACKET_TOO_DEEP))
        assert found.keys() == {name}
        assert found[name]["incomplete"] == "cut: too many extension headers"


def test_headers_later_fragment() -> None:
    """A later fragment has only the event of IP."""
    first = sent(ipv4(17, udp(QUERY)[:-5], fragment=0x2000), fragment=1)
    assert events_of(first)["dns"]["incomplete"] == "cut: 24 of 29 bytes"
    assert events_of(sent(ipv4(17, udp(QUERY), fragment=1))).keys() == {"ipv4"}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_dns(transport: str) -> None:
    """Requests and responses over UDP and TCP have their events."""

    def packet_of(message: bytes) -> bytes:
        with_length = struct.pack("!H", len(message)) + message
        if transport == "udp":
            return ipv4(17, udp(message))
        return ipv4(6, tcp(with_length, target=53))

    found = events_of(sent(packet_of(QUERY)))
    assert found.keys() == {"ipv4", transport, "dns", "dns_request"}
    assert go_text(found["dns_request"]["dns_questions"]) == "[{example.com A IN}]"
    found = events_of(sent(packet_of(ANSWER)))
    assert found.keys() == {"ipv4", transport, "dns", "dns_response"}
    assert go_text(found["dns_response"]["dns_response"]) == (
        '[{{example.com A IN} [{A 5 1.2.3.4} {TXT 6 "abc"}]}]'
    )
    assert go_text(found["dns"]["proto_dns"]) == (
        "{4660 1 Query 1 0 1 1 0 No Error 1 2 0 0 [{example.com A IN}] "
        '[{example.com A IN 5 1.2.3.4} {example.com TXT IN 6 "abc"}] [] []}'
    )
    metadata = found["dns_response"]["metadata"]
    assert (metadata.protocol, metadata.dst_port) == (6 if transport == "tcp" else 17, 53)


def test_dns_other_port() -> None:
    """Only port 53 is parsed as DNS."""
    assert events_of(sent(ipv4(17, udp(QUERY, target=54)))).keys() == {"ipv4", "udp"}


def test_http() -> None:
    """Heads of requests and responses have their events."""
    found = events_of(sent(ipv4(6, tcp(GET))))
    assert found.keys() == {"ipv4", "tcp", "http", "http_request"}
    assert go_text(found["http_request"]["http_request"]) == (
        "{GET HTTP/1.1 me /a?b=1 map[Accept:[*/* x]] 0}"
    )
    assert go_text(found["http"]["proto_http"]) == (
        "{request GET HTTP/1.1 me /a?b=1  0 map[Accept:[*/* x]] 0}"
    )
    found = events_of(sent(ipv4(6, tcp(OK))))
    assert found.keys() == {"ipv4", "tcp", "http", "http_response"}
    assert go_text(found["http_response"]["http_response"]) == (
        "{200 OK 200 HTTP/1.1 map[Content-Length:[2]] 2}"
    )


def test_http_incomplete_head() -> None:
    """An incomplete head has its complete headers."""
    cut = b"HTTP/1.0 200 OK\r\nA: 1\r\nB: 2"
    found = events_of(sent(ipv4(6, tcp(cut))))["http"]["proto_http"]
    assert (found.headers, found.content_length) == ({"A": ["1"]}, -1)


def test_icmp_names() -> None:
    """Types and codes are printed as gopacket does; unknown ones as numbers."""
    assert type_code(TYPES, 3, 3) == "DestinationUnreachable(Port)"
    assert type_code(TYPES, 3, 99) == "DestinationUnreachable(Code: 99)"
    assert type_code(TYPES, 0, 0) == "EchoReply"
    assert type_code(TYPES, 0, 1) == "EchoReply(Code: 1)"
    assert type_code(TYPES, 77, 1) == "77(1)"
    assert type_code(TYPES_V6, 3, 0) == "TimeExceeded(HopLimitExceeded)"
    assert protocol_name(250) == "UnknownIPProtocol(250)"


@given(st.integers(0, 3), st.data())
def test_packet_masks(number: int, data: st.DataObject) -> None:
    """The mask of an event does not depend on other events of the packet.

    In Tracee v0.12 it does (Tracee v0.12 facts, 6).
    """
    names = st.frozensets(st.sampled_from([*EVENTS]), min_size=1)
    scopes = [Scope(i, data.draw(names)) for i in range(1, number + 2)]
    accepted = data.draw(st.integers(0, (1 << len(scopes)) - 1))
    derivation = Derivation(selecting_scopes(scopes), all_events(), built_in_rules())
    packet = ipv4(17, udp(QUERY)) if number % 2 else ipv4(6, tcp(GET))
    base = msgspec.structs.replace(base_of(sent(packet)), matched_scopes=accepted)
    masks = {event.event_name: event.matched_scopes for event in derivation(base)}
    derived = {f"net_packet_{name}" for name in events_of(sent(packet))}
    expected = {
        name: accepted & sum(scope.bit for scope in scopes if name in scope.events)
        for name in derived
    }
    assert masks == {name: mask for name, mask in expected.items() if mask}
    assert base.matched_scopes == 0


def test_packet_payload_needs() -> None:
    """Only events that parse the payload need it from the kernel side."""
    scopes = [Scope(1, frozenset({"net_packet_udp"})), Scope(2, frozenset({"net_packet_dns"}))]
    needed = kernel_scopes(scopes, all_events())
    assert [scope.events for scope in needed] == [{PACKET}, {PACKET, "net_packet_dns_base"}]


PACKETS = st.sampled_from(
    [
        ipv4(17, udp(QUERY)), ipv4(17, udp(ANSWER)), ipv4(6, tcp(GET)), ipv4(6, tcp(OK)),
        ipv4(6, tcp(ANSWER, target=53)), ipv6(58, b"\x80\0\0\1"), ipv6(44, bytes(16)),
        ipv4(1, b"\10\0\0\1\0\1\0\1"), ipv6(0, bytes(40)),
    ]
)  # fmt: skip


@given(PACKETS, st.data())
def test_packet_mutations(packet: bytes, data: st.DataObject) -> None:
    """Changed and truncated packets raise nothing, and their events can be printed."""
    changed = bytearray(packet)
    for offset in data.draw(st.lists(st.integers(0, len(packet) - 1), max_size=6)):
        changed[offset] = data.draw(st.integers(0, 255))
    check(sent(bytes(changed[: data.draw(st.integers(0, len(packet)))])))


@given(st.binary(max_size=200))
@example(b"")
@example(sent(b""))
@example(sent(ipv4(17, udp(QUERY[:12] + b"\xc0\x0c\0\1\0\1"))))
def test_packet_any_bytes(data: bytes) -> None:
    """Any bytes raise nothing, and their events can be printed."""
    check(data)
    check(sent(b"\x45" + data))
    check(sent(ipv4(17, udp(data))))
    check(sent(ipv4(6, tcp(b"GET / HTTP/1.1\r\n" + data))))
    check(sent(ipv4(6, tcp(b"HTTP/1.1 200 \r\n" + data))))


def check(data: bytes) -> None:
    for arguments in events_of(data).values():
        for value in arguments.values():
            go_text(value)
            msgspec.to_builtins(value)
