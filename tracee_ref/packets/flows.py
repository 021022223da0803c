# SPDX-License-Identifier: Apache-2.0
"""TCP connections by their flags: attempts, beginnings and ends.

Each side of a connection has packets of its own, also on one host: what a connection is to a
process depends on the side that its socket is on.

A connection begins with the SYN+ACK. Linux before 6.6 does not show the one that a socket sends
over IPv6: there, and where its record was lost, it begins with the initiator's first ACK.
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
    direction: str
    begun: bool = False


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
        answer = bool(header.syn and header.ack_flag)
        direction = OUTGOING if packet.incoming == answer else INCOMING
        if answer:
            return self._answer(key, header, direction)
        if header.syn:
            return self._connect(key, header, direction)
        if header.fin or header.rst:
            return self._end(key)
        return self._first_ack(key, direction) if header.ack_flag else None

    def _connect(self, key: Key, header: Tcp, direction: str) -> Step | None:
        side = self._sides.get(key)
        if side and side.sequence == header.seq:
            return None
        side = self._add(key, Side(header.seq, direction))
        return self._step(CONNECT, key, side) if direction == OUTGOING else None

    def _answer(self, key: Key, header: Tcp, direction: str) -> Step | None:
        side = self._sides.get(key)
        if side is None or side.begun:
            sequence = header.ack - 1 & 0xFFFFFFFF
            if side and side.sequence == sequence:
                return None
            side = self._add(key, Side(sequence, direction))
        side.begun, side.direction = True, direction
        return self._step(BEGIN, key, side)

    def _first_ack(self, key: Key, direction: str) -> Step | None:
        side = self._sides.get(key)
        if side is None or side.begun or side.direction != direction:
            return None
        side.begun = True
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
