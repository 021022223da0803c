# SPDX-License-Identifier: Apache-2.0
"""TCP connections by their flags: attempts, beginnings and ends.

Each side of a connection has packets of its own, also on one host: what a connection is to a
process depends on the side that its socket is on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..events.event import TraceEvent
from .headers import Packet
from .parser import PacketParser
from .types import Tcp

SIDES_MAX: Final = 8192
"""Connections that are known; a further one makes us forget the one that is known for longest."""

OUTGOING, INCOMING = "outgoing", "incoming"

Values = Mapping[str, Any]
Endpoint = tuple[str, int]
Key = tuple[int, Endpoint, Endpoint]
"""Stream number, own endpoint and that of the peer."""


@dataclass(slots=True)
class Side:
    """One side of a connection; ``sequence`` is of its first segment."""

    sequence: int
    begun: bool = False
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What a packet does to the connection of its socket: ``kind`` is the name of an event."""

    kind: str
    direction: str
    initiator: Endpoint
    responder: Endpoint


CONNECT, BEGIN, FLOW_END = "net_tcp_connect", "net_flow_tcp_begin", "net_flow_tcp_end"


class Flows:
    """State of TCP connections; packets that are sent again change nothing."""

    def __init__(self) -> None:
        self._sides: OrderedDict[Key, Side] = OrderedDict()

    def step(self, packet: Packet) -> Step | None:
        """Return what a packet does; None for most."""
        header = packet.transport
        if not isinstance(header, Tcp):
            return None
        source = packet.network.src_ip, header.src_port
        target = packet.network.dst_ip, header.dst_port
        own, peer = (target, source) if packet.incoming else (source, target)
        key = packet.stream, own, peer
        if header.syn:
            return self._begin(key, header, outgoing=packet.incoming == bool(header.ack_flag))
        return self._end(key) if header.fin or header.rst else None

    def _begin(self, key: Key, header: Tcp, *, outgoing: bool) -> Step | None:
        _, own, peer = key
        side = self._sides.get(key)
        if not header.ack_flag:
            if side and side.sequence == header.seq:
                return None
            self._add(key, Side(header.seq))
            return Step(CONNECT, OUTGOING, own, peer) if outgoing else None
        if side is None or side.begun:
            if side and side.sequence == header.ack - 1 & 0xFFFFFFFF:
                return None
            side = self._add(key, Side(header.ack - 1 & 0xFFFFFFFF))
        side.begun, side.direction = True, OUTGOING if outgoing else INCOMING
        return self._step(BEGIN, key, side)

    def _end(self, key: Key) -> Step | None:
        side = self._sides.pop(key, None)
        return self._step(FLOW_END, key, side) if side and side.begun else None

    @staticmethod
    def _step(kind: str, key: Key, side: Side) -> Step:
        _, own, peer = key
        both = (own, peer) if side.direction == OUTGOING else (peer, own)
        return Step(kind, side.direction, *both)

    def _add(self, key: Key, side: Side) -> Side:
        self._sides.pop(key, None)
        self._sides[key] = side
        if len(self._sides) > SIDES_MAX:
            self._sides.popitem(last=False)
        return side


class FlowReader:
    """The step of each packet, found once for all the events derived from it."""

    def __init__(self, parser: PacketParser) -> None:
        self._parser = parser
        self._flows = Flows()
        self._base: TraceEvent | None = None
        self._step: Step | None = None

    def step(self, base: TraceEvent, values: Values) -> Step | None:
        """Return what the packet of a record does to its connection."""
        if self._base is not base:
            source = self._parser.source(base, values)
            self._base = base
            self._step = self._flows.step(source.packet) if source else None
        return self._step


def connect_values(step: Step) -> Values:
    """Return the arguments of net_tcp_connect."""
    address, port = step.responder
    return {"dst": address, "dst_port": port, "dst_dns": []}


def flow_values(step: Step) -> Values:
    """Return the arguments of net_flow_tcp_begin and net_flow_tcp_end."""
    (source, source_port), (target, target_port) = step.initiator, step.responder
    return {
        "conn_direction": step.direction,
        "src": source,
        "dst": target,
        "src_port": source_port,
        "dst_port": target_port,
        "src_dns": [],
        "dst_dns": [],
    }


FLOW_EVENTS: Final = {CONNECT: connect_values, BEGIN: flow_values, FLOW_END: flow_values}


def flow_rule(
    reader: FlowReader, kind: str, values_of: Callable[[Step], Values]
) -> Callable[[TraceEvent, Values], Iterator[Values]]:
    """Return the derivation of an event of flows."""

    def derive(base: TraceEvent, values: Values) -> Iterator[Values]:
        step = reader.step(base, values)
        if step and step.kind == kind:
            yield values_of(step)

    return derive
