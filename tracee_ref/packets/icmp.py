# SPDX-License-Identifier: Apache-2.0
"""Parser of ICMP and ICMPv6 messages, with the names that gopacket prints."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from .types import Icmp, Icmpv6

ICMP_HEADER: Final = Struct("!BBHHH")
ICMPV6_HEADER: Final = Struct("!BBH")

Names = Mapping[int, tuple[str, tuple[str, ...]]]
"""Types, with their names and the names of their codes."""

TYPES: Final[Names] = {
    0: ("EchoReply", ()),
    3: (
        "DestinationUnreachable",
        (
            "Net", "Host", "Protocol", "Port", "FragmentationNeeded", "SourceRoutingFailed",
            "NetUnknown", "HostUnknown", "SourceIsolated", "NetAdminProhibited",
            "HostAdminProhibited", "NetTOS", "HostTOS", "CommAdminProhibited", "HostPrecedence",
            "PrecedenceCutoff",
        ),
    ),
    4: ("SourceQuench", ()),
    5: ("Redirect", ("Net", "Host", "TOS+Net", "TOS+Host")),
    8: ("EchoRequest", ()),
    9: ("RouterAdvertisement", ()),
    10: ("RouterSolicitation", ()),
    11: ("TimeExceeded", ("TTLExceeded", "FragmentReassemblyTimeExceeded")),
    12: ("ParameterProblem", ("PointerIndicatesError", "MissingOption", "BadLength")),
    13: ("TimestampRequest", ()),
    14: ("TimestampReply", ()),
    15: ("InfoRequest", ()),
    16: ("InfoReply", ()),
    17: ("AddressMaskRequest", ()),
    18: ("AddressMaskReply", ()),
}  # fmt: skip

TYPES_V6: Final[Names] = {
    1: (
        "DestinationUnreachable",
        (
            "NoRouteToDst", "AdminProhibited", "BeyondScopeOfSrc", "AddressUnreachable",
            "PortUnreachable", "SrcAddressFailedPolicy", "RejectRouteToDst",
        ),
    ),
    2: ("PacketTooBig", ()),
    3: ("TimeExceeded", ("HopLimitExceeded", "FragmentReassemblyTimeExceeded")),
    4: (
        "ParameterProblem",
        ("ErroneousHeader", "UnrecognizedNextHeader", "UnrecognizedIPv6Option"),
    ),
    128: ("EchoRequest", ()),
    129: ("EchoReply", ()),
    133: ("RouterSolicitation", ()),
    134: ("RouterAdvertisement", ()),
    135: ("NeighborSolicitation", ()),
    136: ("NeighborAdvertisement", ()),
    137: ("Redirect", ()),
}  # fmt: skip


def read_icmp(data: bytes) -> Icmp | None:
    """Return an ICMP message, or None if it is incomplete."""
    if len(data) < ICMP_HEADER.size:
        return None
    kind, code, *rest = ICMP_HEADER.unpack_from(data)
    return Icmp(type_code(TYPES, kind, code), *rest)


def read_icmpv6(data: bytes) -> Icmpv6 | None:
    """Return an ICMPv6 message, or None if it is incomplete."""
    if len(data) < ICMPV6_HEADER.size:
        return None
    kind, code, checksum = ICMPV6_HEADER.unpack_from(data)
    return Icmpv6(type_code(TYPES_V6, kind, code), checksum)


def type_code(names: Names, kind: int, code: int) -> str:
    """Return the name of a type and a code."""
    if kind not in names:
        return f"{kind}({code})"
    name, codes = names[kind]
    if code < len(codes):
        return f"{name}({codes[code]})"
    return f"{name}(Code: {code})" if codes or code else name
