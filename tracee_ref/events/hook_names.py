# SPDX-License-Identifier: Apache-2.0
"""Base events of the built-in derived events, by name.

Only the standard library is used, because the oracle reads the catalogue without the tracer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PACKET: Final = "net_packet_ip_base"
DNS_PAYLOAD: Final = "net_packet_dns_base"
HTTP_PAYLOAD: Final = "net_packet_http_base"
"""The event of a packet's record, and those whose selection copies the payload, too, but that
have no records of their own (bpf/events/packets.h)."""

JUST, DNS, HTTP = (PACKET,), (PACKET, DNS_PAYLOAD), (PACKET, HTTP_PAYLOAD)

SYMBOLS: Final = ("shared_object_loaded", "sched_process_exec")

BASES: Final[Mapping[str, tuple[str, ...]]] = {
    "symbols_loaded": SYMBOLS,
    "symbols_collision": SYMBOLS,
    "container_create": ("cgroup_mkdir",),
    "container_remove": ("cgroup_rmdir",),
    "net_tcp_connect": JUST,
    "net_flow_tcp_begin": JUST,
    "net_flow_tcp_end": JUST,
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
