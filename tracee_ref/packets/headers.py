# SPDX-License-Identifier: Apache-2.0
"""Parser of the IP and transport headers of a packet that may be truncated.

Lengths in the packet are not trusted: an incomplete header is left out, with all after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import Final

from ..abi import PACKET_PREFIX
from .types import IPv4, IPv6, Tcp, Udp

PREFIX: Final = PACKET_PREFIX.struct

HEADER4: Final = Struct("!BBHHHBBH4s4s")
HEADER6: Final = Struct("!IHBB16s16s")
HEADER_TCP: Final = Struct("!HHIIHHHH")
HEADER_UDP: Final = Struct("!4H")

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION = 0, 43, 44, 51, 60

PROTOCOLS: Final = {
    0: "IPv6HopByHop", 1: "ICMPv4", 2: "IGMP", 4: "IPv4", 6: "TCP", 17: "UDP", 27: "RUDP",
    41: "IPv6", 43: "IPv6Routing", 44: "IPv6Fragment", 47: "GRE", 50: "ESP", 51: "AH",
    58: "ICMPv6", 59: "NoNextHeader", 60: "IPv6Destination", 89: "OSPF", 94: "IPIP",
    97: "EtherIP", 112: "VRRP", 132: "SCTP", 136: "UDPLite", 137: "MPLSInIP",
}  # fmt: skip
"""Names of IP protocols in Tracee v0.12, which has them from gopacket."""


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """A parsed packet; ``payload`` follows the last complete header.

    ``protocol`` is that of the transport, -1 if the packet is a later fragment or its headers are
    incomplete.
    """

    incoming: bool
    interface: int
    length: int
    network: IPv4 | IPv6
    protocol: int = -1
    transport: Tcp | Udp | None = None
    payload: bytes = b""


@lru_cache(maxsize=1)
def read_packet(data: bytes) -> Packet | None:
    """Return the packet of a payload of the kernel side, or None if it is not IP.

    The last one is cached, since every event derived from a packet parses it.
    """
    if len(data) < PREFIX.size:
        return None
    length, interface, incoming, _ = PREFIX.unpack_from(data)
    captured = data[PREFIX.size :]
    parse = PARSERS.get(captured[0] >> 4) if captured else None
    parsed = parse(captured) if parse else None
    if parsed is None:
        return None
    network, protocol, rest = parsed
    transport, payload = _transport(protocol, rest)
    return Packet(bool(incoming), interface, length, network, protocol, transport, payload)


Parsed = tuple["IPv4 | IPv6", int, bytes]
"""Header, protocol of the transport (or -1) and the bytes after the header."""


def _ipv4(data: bytes) -> Parsed | None:
    if len(data) < HEADER4.size:
        return None
    first, tos, length, id_, fragment, ttl, protocol, checksum, src, dst = HEADER4.unpack_from(data)
    ihl, offset = first & 15, fragment & 0x1FFF
    header = IPv4(
        version=first >> 4,
        ihl=ihl,
        tos=tos,
        length=length,
        id=id_,
        flags=fragment >> 13,
        frag_offset=offset,
        ttl=ttl,
        protocol=protocol_name(protocol),
        checksum=checksum,
        src_ip=str(IPv4Address(src)),
        dst_ip=str(IPv4Address(dst)),
    )
    if ihl < 5 or offset or len(data) < 4 * ihl:
        return header, -1, b""
    return header, protocol, data[4 * ihl :]


def _ipv6(data: bytes) -> Parsed | None:
    if len(data) < HEADER6.size:
        return None
    word, length, following, hops, src, dst = HEADER6.unpack_from(data)
    header = IPv6(
        version=word >> 28,
        traffic_class=word >> 20 & 0xFF,
        flow_label=word & 0xFFFFF,
        length=length,
        next_header=protocol_name(following),
        hop_limit=hops,
        src_ip=str(IPv6Address(src)),
        dst_ip=str(IPv6Address(dst)),
    )
    return header, *_skip_extensions(following, data[HEADER6.size :])


def _skip_extensions(following: int, data: bytes) -> tuple[int, bytes]:
    while following in EXTENSIONS:
        if len(data) < 8 or (following == FRAGMENT and (data[2] << 8 | data[3]) >> 3):
            return -1, b""
        size = EXTENSIONS[following](data[1])
        if len(data) < size:
            return -1, b""
        following, data = data[0], data[size:]
    return following, data


EXTENSIONS: Final[dict[int, Callable[[int], int]]] = {
    HOP_BY_HOP: lambda units: 8 * units + 8,
    ROUTING: lambda units: 8 * units + 8,
    DESTINATION: lambda units: 8 * units + 8,
    FRAGMENT: lambda _: 8,
    AUTHENTICATION: lambda units: 4 * units + 8,
}
"""Extension headers of IPv6; functions from their second byte to their size in bytes."""

PARSERS: Final[dict[int, Callable[[bytes], Parsed | None]]] = {4: _ipv4, 6: _ipv6}


def _transport(protocol: int, data: bytes) -> tuple[Tcp | Udp | None, bytes]:
    if protocol == TCP:
        return _tcp(data)
    if protocol == UDP and len(data) >= HEADER_UDP.size:
        return Udp(*HEADER_UDP.unpack_from(data)), data[HEADER_UDP.size :]
    return None, data


def _tcp(data: bytes) -> tuple[Tcp | None, bytes]:
    if len(data) < HEADER_TCP.size:
        return None, b""
    source, target, seq, ack, word, window, checksum, urgent = HEADER_TCP.unpack_from(data)
    bits = (word >> bit & 1 for bit in range(9))
    fields = (source, target, seq, ack, word >> 12, *bits, window, checksum, urgent)
    return Tcp(*fields), data[max(HEADER_TCP.size, 4 * (word >> 12)) :]


def protocol_name(number: int) -> str:
    """Return the name of an IP protocol."""
    return PROTOCOLS.get(number, f"UnknownIPProtocol({number})")
