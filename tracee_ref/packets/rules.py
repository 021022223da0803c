# SPDX-License-Identifier: Apache-2.0
"""How the events about packets are made of the kernel side's record of one (rules 15 and 16)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, Final

from ..events.event import TraceEvent
from .headers import ICMP, ICMPV6, Packet, read_packet
from .http_heads import either, read_http
from .icmp import read_icmp, read_icmpv6
from .shown import HttpRequest, IPv4, IPv6, Metadata, Tcp, Udp

Values = Mapping[str, Any]


def _ipv4(packet: Packet) -> Any:
    return packet.network if isinstance(packet.network, IPv4) else None


def _ipv6(packet: Packet) -> Any:
    return packet.network if isinstance(packet.network, IPv6) else None


def _tcp(packet: Packet) -> Any:
    return packet.transport if isinstance(packet.transport, Tcp) else None


def _udp(packet: Packet) -> Any:
    return packet.transport if isinstance(packet.transport, Udp) else None


def _icmp(packet: Packet) -> Any:
    return read_icmp(packet.payload) if packet.protocol == ICMP and _ipv4(packet) else None


def _icmpv6(packet: Packet) -> Any:
    return read_icmpv6(packet.payload) if packet.protocol == ICMPV6 and _ipv6(packet) else None


def _dns(packet: Packet) -> Any:
    return dns_messages().whole(packet)


def _dns_request(packet: Packet) -> Any:
    return dns_messages().request(packet)


def _dns_response(packet: Packet) -> Any:
    return dns_messages().response(packet)


def dns_messages() -> ModuleType:
    """Return the reader of DNS; to import it takes a third of what all of us take."""
    from . import dns_messages as reader  # noqa: PLC0415

    return reader


def _http(packet: Packet) -> Any:
    head = read_http(packet)
    return either(head) if head else None


def _http_request(packet: Packet) -> Any:
    head = read_http(packet)
    return head if isinstance(head, HttpRequest) else None


def _http_response(packet: Packet) -> Any:
    head = read_http(packet)
    return None if isinstance(head, HttpRequest) else head


def addresses(packet: Packet) -> dict[str, Any]:
    """Return the addresses."""
    return {"src": packet.network.src_ip, "dst": packet.network.dst_ip}


def ends(packet: Packet) -> dict[str, Any]:
    """Return the addresses, and the ports of what has some."""
    assert packet.transport
    ports = {"src_port": packet.transport.src_port, "dst_port": packet.transport.dst_port}
    return addresses(packet) | ports


def metadata(packet: Packet) -> dict[str, Any]:
    """Return addresses, ports and what else is known of the packet, in one value."""
    source, target = packet.network.src_ip, packet.network.dst_ip
    assert packet.transport
    ports = packet.transport.src_port, packet.transport.dst_port
    interface = interface_name(packet.interface)
    return {"metadata": Metadata(source, target, *ports, packet.protocol, packet.length, interface)}


def interface_name(number: int) -> str:
    """Return the name of an interface of our own network namespace, else empty."""
    try:
        return socket.if_indextoname(number)
    except OSError:
        return ""


Derive = Callable[[TraceEvent, Values], Iterable[Values]]


def derive(
    about: Callable[[Packet], dict[str, Any]], argument: str, read: Callable[[Packet], Any]
) -> Derive:
    """Return what makes an event of a packet, if it is one that the event is about."""

    def made(_: TraceEvent, values: Values) -> Iterable[Values]:
        packet = read_packet(values["payload"]) if values["payload"] else None
        value = read(packet) if packet else None
        return [{**about(packet), argument: value}] if packet and value is not None else []

    return made


DERIVATIONS: Final[Mapping[str, Derive]] = {
    "net_packet_ipv4": derive(addresses, "proto_ipv4", _ipv4),
    "net_packet_ipv6": derive(addresses, "proto_ipv6", _ipv6),
    "net_packet_tcp": derive(ends, "proto_tcp", _tcp),
    "net_packet_udp": derive(ends, "proto_udp", _udp),
    "net_packet_icmp": derive(addresses, "proto_icmp", _icmp),
    "net_packet_icmpv6": derive(addresses, "proto_icmpv6", _icmpv6),
    "net_packet_dns": derive(ends, "proto_dns", _dns),
    "net_packet_dns_request": derive(metadata, "dns_questions", _dns_request),
    "net_packet_dns_response": derive(metadata, "dns_response", _dns_response),
    "net_packet_http": derive(ends, "proto_http", _http),
    "net_packet_http_request": derive(metadata, "http_request", _http_request),
    "net_packet_http_response": derive(metadata, "http_response", _http_response),
}
"""What makes each event; its bases are in ``derivation.bases``."""
