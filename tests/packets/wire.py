# SPDX-License-Identifier: Apache-2.0
"""Packets as the kernel side sends them, and the events derived from them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from tests.output.samples import exit_with
from tracee_ref.abi import PACKET_NO_TRANSPORT, PACKET_PREFIX
from tracee_ref.derivation.rules import built_in_rules
from tracee_ref.derivation.stage import Derivation
from tracee_ref.events.catalogue import all_events
from tracee_ref.events.event import Argument, TraceEvent
from tracee_ref.events.hook_names import PACKET
from tracee_ref.model.scope import Scope
from tracee_ref.packets.headers import PREFIX
from tracee_ref.packets.rules import HEADERS, MESSAGES
from tracee_ref.tables import selecting_scopes

EVENTS: Final = (*HEADERS, *MESSAGES)
LOOPBACK = bytes([127, 0, 0, 1])
SIX = bytes(15) + b"\1"
SYN, FIN, RST, ACK = 2, 1, 4, 16
CLIENT_PORT: Final = 1000


def ipv4(protocol: int, data: bytes, *, options: bytes = b"", fragment: int = 0) -> bytes:
    ihl, total = 5 + len(options) // 4, 20 + len(options) + len(data)
    first = 0x40 | ihl
    header = struct.pack("!BBHHHBBH", first, 16, total, 7, fragment, 64, protocol, 9)
    return header + LOOPBACK + LOOPBACK + options + data


def ipv6(following: int, data: bytes) -> bytes:
    word = 6 << 28 | 1 << 20 | 5
    return struct.pack("!IHBB", word, len(data), following, 63) + SIX + SIX + data


def udp(data: bytes, source: int = 1000, target: int = 53) -> bytes:
    return struct.pack("!4H", source, target, 8 + len(data), 3) + data


def tcp(data: bytes, word: int = 0x5012, target: int = 80) -> bytes:
    return struct.pack("!HHIIHHHH", 1000, target, 1, 2, word, 5, 6, 7) + data


def sent(packet: bytes, **fields: int) -> bytes:
    """Return what the kernel side sends of a packet without extension headers."""
    first = packet[0] if packet else 0
    protocol, transport = PACKET_NO_TRANSPORT, 0
    if first >> 4 == 6 and len(packet) >= 40:
        protocol, transport = packet[6], 40
    elif first >> 4 == 4 and len(packet) >= 20 and first & 15 >= 5:
        fragment = int.from_bytes(packet[6:8], "big")
        protocol = PACKET_NO_TRANSPORT if fragment & 0x1FFF else packet[9]
        transport = 4 * (first & 15)
    values = {"length": len(packet), "interface": b"lo", "incoming": 1, "protocol": protocol}
    values |= {"transport": transport, **fields}
    return PREFIX.pack(*(values.get(field.name, 0) for field in PACKET_PREFIX.fields)) + packet


def derivation(names: Iterable[str] = EVENTS) -> Derivation:
    """Return the derivation of a run whose scope 1 selects events."""
    scopes = [Scope(1, frozenset(names))]
    return Derivation(selecting_scopes(scopes), all_events(), built_in_rules())


def base_of(packet: bytes, time: int = 0) -> TraceEvent:
    return msgspec.structs.replace(
        exit_with(),
        event_name=PACKET,
        timestamp=time,
        matched_scopes=1,
        args=[Argument("payload", "bytes", packet)],
    )


def all_events_of(packets: Iterable[bytes], names: Iterable[str] = EVENTS) -> list[TraceEvent]:
    """Return the events of packets, and of the end of the run."""
    derive = derivation(names)
    return [event for packet in packets for event in derive(base_of(packet))] + derive.finish()


def arguments(event: TraceEvent) -> dict[str, Any]:
    return {argument.name: argument.value for argument in event.args}


def events_of(packet: bytes) -> dict[str, dict[str, Any]]:
    """Return the arguments of all events derived from a packet, by event."""
    found = all_events_of([packet])
    return {event.event_name.removeprefix("net_packet_"): arguments(event) for event in found}


class Peer:
    """One direction of a connection: makes its segments, as they are sent."""

    def __init__(self, source: int, target: int, *, sequence: int = 0xFFFFFFF0) -> None:
        self.ports = source, target
        self.sequence = sequence

    def segment(self, data: bytes = b"", flags: int = ACK, *, size: int = 0, ack: int = 0) -> bytes:
        """Return the next segment; ``size`` is its length if more than ``data`` was sent."""
        packet = self.at(self.sequence, data, flags, size=size, ack=ack)
        self.sequence += max(size, len(data)) + bool(flags & (SYN | FIN))
        return packet

    def at(
        self, sequence: int, data: bytes = b"", flags: int = ACK, *, size: int = 0, ack: int = 0
    ) -> bytes:
        header = struct.pack(
            "!HHIIHHHH", *self.ports, sequence & 0xFFFFFFFF, ack, 5 << 12 | flags, 9, 0, 0
        )
        packet = ipv4(6, header + data)
        return sent(packet, incoming=0, length=len(packet) + max(0, size - len(data)))

    def stream(self, *parts: bytes) -> Iterator[bytes]:
        """Yield a SYN, and a segment for each part."""
        yield self.segment(flags=SYN)
        for part in parts:
            yield self.segment(part)
