# SPDX-License-Identifier: Apache-2.0
"""What derived events are made of, by name: all that the catalogue must know of derivation.

The standard library alone, because the oracle reads the catalogue with nothing else installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PACKET: Final = "net_packet_ip_base"
DNS_PAYLOAD: Final = "net_packet_dns_base"
HTTP_PAYLOAD: Final = "net_packet_http_base"
"""The record of a packet; and the events whose selection says that more than its headers is
needed, of which there are no records (bpf/events/packets.h)."""

JUST, DNS, HTTP = (PACKET,), (PACKET, DNS_PAYLOAD), (PACKET, HTTP_PAYLOAD)

BASES: Final[Mapping[str, tuple[str, ...]]] = {
    "container_create": ("cgroup_mkdir",),
    "container_remove": ("cgroup_rmdir",),
    "net_packet_ipv4": JUST,
    "net_packet_ipv6": JUST,
    "net_packet_tcp": JUST,
    "net_packet_udp": JUST,
    "net_packet_icmp": JUST,
    "net_packet_icmpv6": JUST,
    "net_packet_dns": DNS,
    "net_packet_dns_request": DNS,
    "net_packet_dns_response": DNS,
    "net_packet_http": HTTP,
    "net_packet_http_request": HTTP,
    "net_packet_http_response": HTTP,
}
