# SPDX-License-Identifier: Apache-2.0
"""Parser of the IP and transport headers of a packet whose start was copied.

The kernel side finds the transport, and leaves out extension headers, with the options of IPv4
before them (bpf/events/packets.h).  Lengths in the packet are not trusted: an incomplete header is
left out, with all after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address
from socket import inet_ntoa
from struct import Struct
from typing import Final

from ..abi import PACKET_NO_TRANSPORT, PACKET_PREFIX, PACKET_TOO_DEEP
from ..strings import text_of
from .types import IPv4, IPv6, Tcp, Udp

PREFIX: Final = PACKET_PREFIX.struct

HEADER4: Final = Struct("!BBHHHBBH4s4s")
HEADER6: Final = Struct("!IHBB16s16s")
HEADER_TCP: Final = Struct("!HHIIHHHH")
HEADER_UDP: Final = Struct("!4H")

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58

PROTOCOLS: Final = {
    0: "IPv6HopByHop", 1: "ICMPv4", 2: "IGMP", 4: "IPv4", 6: "TCP", 17: "UDP", 27: "RUDP",
    41: "IPv6", 43: "IPv6Routing", 44: "IPv6Fragment", 47: "GRE", 50: "ESP", 51: "AH",
    58: "ICMPv6", 59: "NoNextHeader", 60: "IPv6Destination", 89: "OSPF", 94: "IPIP",
    97: "EtherIP", 112: "VRRP", 132: "SCTP", 136: "UDPLite", 137: "MPLSInIP",
}  # fmt: skip
"""Names of IP protocols in Tracee v0.12, which has them from gopacket."""


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """A parsed packet; ``payload`` is what was copied after the last complete header.

    ``payload_size`` is its length in the packet, and ``segment_size`` that of the datagrams or
    segments that it becomes, 0 for one.  ``protocol`` is that of the transport, or
    PACKET_NO_TRANSPORT or PACKET_TOO_DEEP.  A ``fragment`` is the first one.  ``stream`` differs
    for connections with the same addresses.
    """

    incoming: bool
    interface: str
    length: int
    network: IPv4 | IPv6
    protocol: int
    fragment: bool
    segment_size: int
    stream: int
    transport: Tcp | Udp | None = None
    payload: bytes = b""
    payload_size: int = 0


def read_packet(data: bytes) -> Packet | None:
    """Return the packet of a payload of the kernel side, or None if it is not IP."""
    if len(data) <= PREFIX.size:
        return None
    prefix = PREFIX.unpack_from(data)
    length, protocol, incoming, at, skipped, fragment, segment_size, stream, interface = prefix
    captured = data[PREFIX.size :]
    parse = PARSERS.get(captured[0] >> 4)
    network = parse(captured) if parse else None
    if network is None:
        return None
    name = text_of(interface.partition(b"\0")[0])
    facts = bool(incoming), name, length, network, protocol, bool(fragment)
    if protocol in (PACKET_NO_TRANSPORT, PACKET_TOO_DEEP):
        return Packet(*facts, segment_size, stream)
    rest, size = captured[max(0, at - skipped) :], max(0, length - at)
    transport, header = TRANSPORTS.get(protocol, _no_ports)(rest)
    payload = rest[header:]
    if isinstance(transport, Udp):
        size = udp_size(transport, size, fragment=bool(fragment))
        payload = payload[: max(0, size - header)]
    return Packet(*facts, segment_size, stream, transport, payload, max(0, size - header))


def udp_size(header: Udp, size: int, *, fragment: bool) -> int:
    """Return the size of a datagram with its header; ``size`` is what is left of the packet.

    The header has it.  It is wrong where it does not fit, but for a fragment.
    """
    fits = HEADER_UDP.size <= header.length and (fragment or header.length <= size)
    return header.length if fits else size


def _ipv4(data: bytes) -> IPv4 | None:
    if len(data) < HEADER4.size:
        return None
    first, tos, length, id_, fragment, ttl, protocol, checksum, src, dst = HEADER4.unpack_from(data)
    return IPv4(
        version=first >> 4,
        ihl=first & 15,
        tos=tos,
        length=length,
        id=id_,
        flags=fragment >> 13,
        frag_offset=fragment & 0x1FFF,
        ttl=ttl,
        protocol=protocol_name(protocol),
        checksum=checksum,
        src_ip=inet_ntoa(src),
        dst_ip=inet_ntoa(dst),
    )


def _ipv6(data: bytes) -> IPv6 | None:
    if len(data) < HEADER6.size:
        return None
    word, length, following, hops, src, dst = HEADER6.unpack_from(data)
    return IPv6(
        version=word >> 28,
        traffic_class=word >> 20 & 0xFF,
        flow_label=word & 0xFFFFF,
        length=length,
        next_header=protocol_name(following),
        hop_limit=hops,
        src_ip=str(IPv6Address(src)),
        dst_ip=str(IPv6Address(dst)),
    )


PARSERS: Final[dict[int, Callable[[bytes], IPv4 | IPv6 | None]]] = {4: _ipv4, 6: _ipv6}

Transport = tuple["Tcp | Udp | None", int]
"""Header of the transport, and its size in bytes with options."""


def _no_ports(_: bytes) -> Transport:
    return None, 0


def _udp(data: bytes) -> Transport:
    if len(data) < HEADER_UDP.size:
        return None, 0
    return Udp(*HEADER_UDP.unpack_from(data)), HEADER_UDP.size


def _tcp(data: bytes) -> Transport:
    if len(data) < HEADER_TCP.size:
        return None, len(data)
    source, target, seq, ack, word, window, checksum, urgent = HEADER_TCP.unpack_from(data)
    bits = (word >> bit & 1 for bit in range(9))
    fields = (source, target, seq, ack, word >> 12, *bits, window, checksum, urgent)
    return Tcp(*fields), max(HEADER_TCP.size, 4 * (word >> 12))


TRANSPORTS: Final[dict[int, Callable[[bytes], Transport]]] = {TCP: _tcp, UDP: _udp}


def protocol_name(number: int) -> str:
    """Return the name of an IP protocol."""
    return PROTOCOLS.get(number, f"UnknownIPProtocol({number})")
