# SPDX-License-Identifier: Apache-2.0
"""Derivations of packet events from the packet records of the kernel side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from ..abi import PACKET_TOO_DEEP
from ..events.catalogue import INCOMPLETE
from ..events.event import TraceEvent
from .flows import FLOW_EVENTS, FlowReader, flow_rule
from .headers import ICMP, ICMPV6, Packet
from .http import http_value
from .icmp import read_icmp, read_icmpv6
from .messages import Message
from .parser import Delayed, PacketParser, PacketSource, Values
from .types import Dns, HttpRequest, HttpResponse, IPv4, IPv6, PacketMetadata, Tcp, Udp


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


Content = tuple[Any, str | None]
"""The argument of a message, and why it is incomplete, or None."""


def _dns(message: Message) -> Content | None:
    return message if isinstance(message.value, Dns) else None


def _dns_request(message: Message) -> Content | None:
    if not isinstance(message.value, Dns) or message.value.qr:
        return None
    from .dns import queries_of  # noqa: PLC0415  imported already, as there is a message

    return queries_of(message.value), message.incomplete


def _dns_response(message: Message) -> Content | None:
    if not isinstance(message.value, Dns) or not message.value.qr:
        return None
    from .dns import responses_of  # noqa: PLC0415

    responses, cut = responses_of(message.value)
    return responses, message.incomplete or cut


def _http(message: Message) -> Content | None:
    if isinstance(message.value, Dns):
        return None
    return http_value(message.value), message.incomplete


def _http_request(message: Message) -> Content | None:
    return message if isinstance(message.value, HttpRequest) else None


def _http_response(message: Message) -> Content | None:
    return message if isinstance(message.value, HttpResponse) else None


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
    return {
        "metadata": PacketMetadata(
            source, target, *ports, packet.protocol, packet.length, packet.interface
        )
    }


Derive = Callable[[TraceEvent, Values], Iterable[Values]]
Common = Callable[[Packet], dict[str, Any]]


def header_rule(
    parser: PacketParser, common: Common, argument: str, read: Callable[[Packet], Any]
) -> Derive:
    """Return the derivation of an event with a header; there is none if ``read`` returns None."""

    def derive(base: TraceEvent, values: Values) -> Iterable[Values]:
        source = parser.source(base, values)
        header = read(source.packet) if source else None
        if source is None or header is None:
            return []
        deep = source.packet.protocol == PACKET_TOO_DEEP
        reason = "cut: too many extension headers" if deep else None
        return [with_reason({**common(source.packet), argument: header}, reason)]

    return derive


class MessageRule:
    """Derivation of an event of DNS or HTTP; there is none if ``content`` returns None."""

    def __init__(
        self,
        parser: PacketParser,
        common: Common,
        argument: str,
        content: Callable[[Message], Content | None],
    ) -> None:
        self._parser = parser
        self._common = common
        self._argument = argument
        self._content = content

    def __call__(self, base: TraceEvent, values: Values) -> Iterator[Values]:
        """Yield the arguments of the events of a packet."""
        latest = self._parser.source(base, values)
        if latest:
            for source, message in self._parser.messages(latest):
                for found in self._values(source, message):
                    yield found if source is latest else Delayed(found, source)

    def finish(self) -> Iterator[Delayed]:
        """Yield the arguments of the events that the end of the run cuts."""
        for source, message in self._parser.finish():
            for found in self._values(source, message):
                yield Delayed(found, source)

    def _values(self, source: PacketSource, message: Message) -> Iterator[Values]:
        content = self._content(message)
        if content:
            value, reason = content
            yield with_reason({**self._common(source.packet), self._argument: value}, reason)


def with_reason(values: dict[str, Any], incomplete: str | None) -> dict[str, Any]:
    """Return arguments, with the reason if what they are of is incomplete."""
    return {**values, INCOMPLETE.name: incomplete} if incomplete else values


HEADERS: Final = {
    "net_packet_ipv4": (addresses, "proto_ipv4", _ipv4),
    "net_packet_ipv6": (addresses, "proto_ipv6", _ipv6),
    "net_packet_tcp": (endpoints, "proto_tcp", _tcp),
    "net_packet_udp": (endpoints, "proto_udp", _udp),
    "net_packet_icmp": (addresses, "proto_icmp", _icmp),
    "net_packet_icmpv6": (addresses, "proto_icmpv6", _icmpv6),
}
MESSAGES: Final = {
    "net_packet_dns": (endpoints, "proto_dns", _dns),
    "net_packet_dns_request": (metadata, "dns_questions", _dns_request),
    "net_packet_dns_response": (metadata, "dns_response", _dns_response),
    "net_packet_http": (endpoints, "proto_http", _http),
    "net_packet_http_request": (metadata, "http_request", _http_request),
    "net_packet_http_response": (metadata, "http_response", _http_response),
}
"""Common arguments, own argument and its function, by event; the base events are in
``events.hook_names``."""


def packet_derivations() -> dict[str, Derive]:
    """Return the derivations of packet events, which share the connections of one run."""
    parser = PacketParser()
    flows = FlowReader(parser)
    return {
        **{name: flow_rule(flows, name, values) for name, values in FLOW_EVENTS.items()},
        **{name: header_rule(parser, *row) for name, row in HEADERS.items()},
        **{name: MessageRule(parser, *row) for name, row in MESSAGES.items()},
    }
