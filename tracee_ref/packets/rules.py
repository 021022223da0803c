# SPDX-License-Identifier: Apache-2.0
"""Derivations of packet events from the packet records of the kernel side."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, Final

from ..events.event import TraceEvent
from .headers import ICMP, ICMPV6, Packet, read_packet
from .http import http_value, read_http
from .icmp import read_icmp, read_icmpv6
from .types import HttpRequest, IPv4, IPv6, PacketMetadata, Tcp, Udp

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
    return dns_parser().dns_message(packet)


def _dns_request(packet: Packet) -> Any:
    return dns_parser().dns_request(packet)


def _dns_response(packet: Packet) -> Any:
    return dns_parser().dns_response(packet)


def dns_parser() -> ModuleType:
    """Return the DNS parser, imported on first use: the import takes half as long as all others."""
    from . import dns  # noqa: PLC0415

    return dns


def _http(packet: Packet) -> Any:
    head = read_http(packet)
    return http_value(head) if head else None


def _http_request(packet: Packet) -> Any:
    head = read_http(packet)
    return head if isinstance(head, HttpRequest) else None


def _http_response(packet: Packet) -> Any:
    head = read_http(packet)
    return None if isinstance(head, HttpRequest) else head


def addresses(packet: Packet) -> dict[str, Any]:
    """Return the address arguments."""
    return {"src": packet.network.src_ip, "dst": packet.network.dst_ip}


def endpoints(packet: Packet) -> dict[str, Any]:
    """Return the address and port arguments of a packet that has ports."""
    assert packet.transport
    ports = {"src_port": packet.transport.src_port, "dst_port": packet.transport.dst_port}
    return addresses(packet) | ports


def metadata(packet: Packet) -> dict[str, Any]:
    """Return the metadata argument of a packet that has ports."""
    source, target = packet.network.src_ip, packet.network.dst_ip
    assert packet.transport
    ports = packet.transport.src_port, packet.transport.dst_port
    interface = interface_name(packet.interface)
    return {
        "metadata": PacketMetadata(
            source, target, *ports, packet.protocol, packet.length, interface
        )
    }


def interface_name(number: int) -> str:
    """Return the name of an interface in the tracer's network namespace, or an empty string."""
    try:
        return socket.if_indextoname(number)
    except OSError:
        return ""


Derive = Callable[[TraceEvent, Values], Iterable[Values]]


def derivation(
    common: Callable[[Packet], dict[str, Any]], argument: str, parse: Callable[[Packet], Any]
) -> Derive:
    """Return the derivation of an event with the ``common`` arguments and a parsed ``argument``.

    There is no event if ``parse`` returns None.
    """

    def derive(_: TraceEvent, values: Values) -> Iterable[Values]:
        packet = read_packet(values["payload"]) if values["payload"] else None
        value = parse(packet) if packet else None
        return [{**common(packet), argument: value}] if packet and value is not None else []

    return derive


DERIVATIONS: Final[Mapping[str, Derive]] = {
    "net_packet_ipv4": derivation(addresses, "proto_ipv4", _ipv4),
    "net_packet_ipv6": derivation(addresses, "proto_ipv6", _ipv6),
    "net_packet_tcp": derivation(endpoints, "proto_tcp", _tcp),
    "net_packet_udp": derivation(endpoints, "proto_udp", _udp),
    "net_packet_icmp": derivation(addresses, "proto_icmp", _icmp),
    "net_packet_icmpv6": derivation(addresses, "proto_icmpv6", _icmpv6),
    "net_packet_dns": derivation(endpoints, "proto_dns", _dns),
    "net_packet_dns_request": derivation(metadata, "dns_questions", _dns_request),
    "net_packet_dns_response": derivation(metadata, "dns_response", _dns_response),
    "net_packet_http": derivation(endpoints, "proto_http", _http),
    "net_packet_http_request": derivation(metadata, "http_request", _http_request),
    "net_packet_http_response": derivation(metadata, "http_response", _http_response),
}
"""Derivations by event; the base events are in ``events.hook_names``."""
