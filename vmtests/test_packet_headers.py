# SPDX-License-Identifier: Apache-2.0
"""Headers before the transport of a packet: the walk of each kernel, and its cost."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from hypothesis import given, settings, target
from hypothesis import strategies as st

from tracee_ref.abi import PACKET_NO_TRANSPORT, PACKET_TOO_DEEP
from vmtests.lab.ensemble import Ensemble

EXTENSIONS_MAX = 16
TCP, UDP, AUTHENTICATION, FRAGMENT = 6, 17, 51, 44
EXTENSIONS_4 = (AUTHENTICATION,)
EXTENSIONS_6 = (0, 43, FRAGMENT, AUTHENTICATION, 60, 135)
IPV4_BYTES, IPV6_BYTES = 20, 40
RATIO_MAX = 40
"""Limit of the time for a packet, as a multiple of that for one without extensions."""

NANOSECONDS_MIN = 40


class Walked(NamedTuple):
    """What the walk finds; the rest of ``struct packet`` is not of it."""

    protocol: int
    transport: int
    skipped: int
    fragment: int
    ports: tuple[int, int] | None


def expected(packet: bytes) -> Walked:
    """Return what the walk of a packet finds."""
    if packet[0] >> 4 == 6:
        return walk(packet, Walked(packet[6], IPV6_BYTES, 0, 0, None), EXTENSIONS_6)
    fragment, transport = int.from_bytes(packet[6:8], "big"), 4 * (packet[0] & 15)
    if transport < IPV4_BYTES or fragment & 0x1FFF:
        return Walked(PACKET_NO_TRANSPORT, transport, 0, 0, None)
    return walk(packet, Walked(packet[9], transport, 0, fragment >> 13 & 1, None), EXTENSIONS_4)


def walk(packet: bytes, start: Walked, extensions: tuple[int, ...]) -> Walked:
    """Return what the walk finds from the header after that of IP on."""
    network = IPV6_BYTES if extensions == EXTENSIONS_6 else IPV4_BYTES
    protocol, transport, skipped, fragment, _ = start
    for _ in range(EXTENSIONS_MAX):
        if protocol not in extensions:
            break
        head = packet[transport : transport + 4]
        if len(head) < 4 or (protocol == FRAGMENT and int.from_bytes(head[2:], "big") & 0xFFF8):
            return Walked(PACKET_NO_TRANSPORT, transport, skipped, fragment, None)
        fragment |= head[3] & 1 if protocol == FRAGMENT else 0
        transport += extension_bytes(protocol, head[1])
        protocol, skipped = head[0], transport - network
    else:
        return Walked(PACKET_TOO_DEEP, transport, skipped, fragment, None)
    found = packet[transport : transport + 4]
    ports = struct.unpack("=2H", found) if protocol in (TCP, UDP) and len(found) == 4 else None
    return Walked(protocol, transport, skipped, fragment, ports)


def extension_bytes(kind: int, length: int) -> int:
    """Return the size of an extension header whose field of the length has a value."""
    if kind == FRAGMENT:
        return 8
    return 8 + length * (4 if kind == AUTHENTICATION else 8)


def answer(values: list[int]) -> Walked:
    """Return the result in ``struct packet``."""
    _, _, _, protocol, transport, skipped, fragment, has_ports, _, source, target_ = values
    return Walked(protocol, transport, skipped, fragment, (source, target_) if has_ports else None)


TYPES = st.sampled_from([*EXTENSIONS_6, *EXTENSIONS_6, TCP, UDP, 1, 50, 58, 59])
HEADERS = st.tuples(
    TYPES, st.one_of(st.integers(0, 3), st.integers(0, 255)), st.integers(0, 0xFFFF)
)
FLAGS = st.sampled_from([0, 0, 0, 0x2000, 0x4000, 1, 0x2001])


@st.composite
def chains(draw: st.DrawFn) -> tuple[int, bytes]:
    """Draw the type of the first header, and the headers from there on."""
    first = kind = draw(TYPES)
    data = b""
    for following, length, word in draw(st.lists(HEADERS, max_size=EXTENSIONS_MAX + 2)):
        offset = word if draw(st.integers(0, 7)) == 0 else word & 7
        head = struct.pack("!BBH", following, length, offset)
        data += head + bytes(extension_bytes(kind, length) - len(head))
        kind = following
    return first, data + draw(st.binary(max_size=24))


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """Draw a packet of either family, some of them cut."""
    protocol, data = draw(chains())
    if draw(st.booleans()):
        packet = struct.pack("!IHBB32x", 6 << 28, len(data), protocol, 64) + data
    else:
        options = bytes(4 * draw(st.integers(0, 10)))
        ihl = draw(st.sampled_from([5 + len(options) // 4] * 7 + [draw(st.integers(0, 15))]))
        head = struct.pack("!BBHHHBBH8x", 0x40 | ihl, 0, 0, 0, draw(FLAGS), 64, protocol, 0)
        packet = head + options + data
    size = draw(st.sampled_from([len(packet)] * 3 + [draw(st.integers(1, len(packet)))]))
    return packet[: min(size, 1400)] if size >= 40 else packet[:1400].ljust(40, b"\0")


def ask(ensemble: Ensemble, drawn: list[bytes]) -> dict[str, Any]:
    arguments = {"packets": [packet.hex() for packet in drawn]}
    answers = ensemble.submit("headers.walk", arguments)
    return {name: future.result() for name, future in answers.items()}


@given(st.lists(packets(), min_size=30, max_size=30))
@settings(max_examples=10, deadline=None)
def test_headers_walk(ensemble: Ensemble, drawn: list[bytes]) -> None:
    """The transport of a packet is found behind all its headers, in time that these bound."""
    plain = struct.pack("!IHBB32x", 6 << 28, 20, TCP, 64) + bytes(20)
    wanted = [expected(packet) for packet in drawn]
    for name, found in ask(ensemble, [plain, *drawn]).items():
        assert [answer(values) for values in found["found"][1:]] == wanted, name
        least, *durations = found["durations"]
        if name == "host":  # time in an emulated guest depends on the host
            target(float(max(durations)))
            assert max(durations) < RATIO_MAX * max(least, NANOSECONDS_MIN)
