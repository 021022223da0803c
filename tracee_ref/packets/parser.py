# SPDX-License-Identifier: Apache-2.0
"""Parser of the packet records of a run, with the state of TCP connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ..events.event import TraceEvent
from .connections import Connections
from .headers import Packet, read_packet
from .http_stream import HttpStreamReader
from .messages import Message, MessageReader
from .types import Tcp, Udp

DNS_PORT: Final = 53

Values = Mapping[str, Any]


class PacketSource(NamedTuple):
    """A packet, with the event and the mask of its record."""

    base: TraceEvent
    mask: int
    packet: Packet


class Delayed(dict[str, Any]):
    """Arguments of an event that comes from an earlier record than the one just handled."""

    def __init__(self, values: Values, source: PacketSource) -> None:
        super().__init__(values)
        self.source = source


class PacketParser:
    """Parser of the packets of a run, each once for all the events derived from it."""

    def __init__(self) -> None:
        self._source: PacketSource | None = None
        self._messages: list[tuple[PacketSource, Message]] | None = None
        self._connections: Connections[PacketSource] = Connections(make_readers)
        self._finished: list[tuple[PacketSource, Message]] = []

    def source(self, base: TraceEvent, values: Values) -> PacketSource | None:
        """Return the packet of a record, or None if it is not IP."""
        if self._source is None or self._source.base is not base:
            packet = read_packet(values["payload"] or b"")
            self._messages = None
            self._source = PacketSource(base, base.matched_scopes, packet) if packet else None
        return self._source

    def messages(self, source: PacketSource) -> list[tuple[PacketSource, Message]]:
        """Return the messages of DNS and HTTP that a packet completes or ends."""
        if self._messages is None:
            self._messages = [*self._read(source)]
        return self._messages

    def _read(self, source: PacketSource) -> Iterator[tuple[PacketSource, Message]]:
        packet = source.packet
        if isinstance(packet.transport, Udp) and has_dns_port(packet.transport):
            yield from ((source, message) for message in datagrams(packet))
        yield from self._connections.read(packet, source, source.base.timestamp)

    def finish(self) -> list[tuple[PacketSource, Message]]:
        """Return the messages that the end of the run cuts."""
        self._finished += self._connections.finish()
        return self._finished


def make_readers(packet: Packet, opposite: Sequence[MessageReader]) -> Sequence[MessageReader]:
    """Return the readers of a stream; ``opposite`` are those of the other direction."""
    shared = [each.methods for each in opposite if isinstance(each, HttpStreamReader)]
    http = HttpStreamReader(*shared)
    assert packet.transport
    if not has_dns_port(packet.transport):
        return (http,)
    from .dns_stream import DnsStreamReader  # noqa: PLC0415

    return (DnsStreamReader(), http)


def has_dns_port(transport: Tcp | Udp) -> bool:
    """Return whether a packet is from or to port 53."""
    return DNS_PORT in (transport.src_port, transport.dst_port)


def datagrams(packet: Packet) -> Iterator[Message]:
    """Yield the DNS messages of a packet: several if it will become several datagrams."""
    from .dns import read_dns  # noqa: PLC0415  half of the time to start

    step = packet.segment_size or packet.payload_size
    for start in range(0, packet.payload_size, step or 1):
        size = min(step, packet.payload_size - start)
        message = read_dns(packet.payload[start : start + size], size)
        if message:
            yield message
