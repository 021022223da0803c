# SPDX-License-Identifier: Apache-2.0
"""Structures of packet events, printed field by field.

Names and order of the fields are those of Tracee v0.12 (types/trace/network_trace.go).  Flags of
headers are 0 or 1.
"""

from __future__ import annotations

import msgspec


class IPv4(msgspec.Struct):
    """IPv4 header."""

    version: int
    ihl: int = msgspec.field(name="IHL")
    tos: int = msgspec.field(name="TOS")
    length: int
    id: int
    flags: int
    frag_offset: int = msgspec.field(name="fragOffset")
    ttl: int = msgspec.field(name="TTL")
    protocol: str
    checksum: int
    src_ip: str = msgspec.field(name="srcIP")
    dst_ip: str = msgspec.field(name="dstIP")


class IPv6(msgspec.Struct):
    """IPv6 header."""

    version: int
    traffic_class: int = msgspec.field(name="trafficClass")
    flow_label: int = msgspec.field(name="flowLabel")
    length: int
    next_header: str = msgspec.field(name="nextHeader")
    hop_limit: int = msgspec.field(name="hopLimit")
    src_ip: str = msgspec.field(name="srcIP")
    dst_ip: str = msgspec.field(name="dstIP")


class Tcp(msgspec.Struct):
    """TCP header."""

    src_port: int = msgspec.field(name="srcPort")
    dst_port: int = msgspec.field(name="dstPort")
    seq: int
    ack: int
    data_offset: int = msgspec.field(name="dataOffset")
    fin: int = msgspec.field(name="FIN")
    syn: int = msgspec.field(name="SYN")
    rst: int = msgspec.field(name="RST")
    psh: int = msgspec.field(name="PSH")
    ack_flag: int = msgspec.field(name="ACK")
    urg: int = msgspec.field(name="URG")
    ece: int = msgspec.field(name="ECE")
    cwr: int = msgspec.field(name="CWR")
    ns: int = msgspec.field(name="NS")
    window: int
    checksum: int
    urgent: int


class Udp(msgspec.Struct):
    """UDP header."""

    src_port: int = msgspec.field(name="srcPort")
    dst_port: int = msgspec.field(name="dstPort")
    length: int
    checksum: int


class Icmp(msgspec.Struct):
    """ICMP message; ``id`` and ``seq`` are its second word, whatever the type."""

    type_code: str = msgspec.field(name="typeCode")
    checksum: int
    id: int
    seq: int


class Icmpv6(msgspec.Struct):
    """ICMPv6 message."""

    type_code: str = msgspec.field(name="typeCode")
    checksum: int


class PacketMetadata(msgspec.Struct):
    """Addresses, ports and length of the packet of a request or response."""

    src_ip: str
    dst_ip: str
    src_port: int
    dst_port: int
    protocol: int
    packet_len: int
    iface: str


class DnsQuestion(msgspec.Struct):
    """Question of a DNS message."""

    name: str
    type: str
    class_: str = msgspec.field(name="class")


class DnsRecord(msgspec.Struct):
    """Resource record; ``data`` is its content in the syntax of zone files."""

    name: str
    type: str
    class_: str = msgspec.field(name="class")
    ttl: int = msgspec.field(name="TTL")
    data: str


class Dns(msgspec.Struct):
    """DNS message."""

    id: int = msgspec.field(name="ID")
    qr: int = msgspec.field(name="QR")
    op_code: str = msgspec.field(name="opCode")
    aa: int = msgspec.field(name="AA")
    tc: int = msgspec.field(name="TC")
    rd: int = msgspec.field(name="RD")
    ra: int = msgspec.field(name="RA")
    z: int = msgspec.field(name="Z")
    response_code: str = msgspec.field(name="responseCode")
    qd_count: int = msgspec.field(name="QDCount")
    an_count: int = msgspec.field(name="ANCount")
    ns_count: int = msgspec.field(name="NSCount")
    ar_count: int = msgspec.field(name="ARCount")
    questions: list[DnsQuestion]
    answers: list[DnsRecord]
    authorities: list[DnsRecord]
    additionals: list[DnsRecord]


class DnsQuery(msgspec.Struct):
    """Question of a DNS request."""

    query: str
    query_type: str
    query_class: str


class DnsAnswer(msgspec.Struct):
    """Answer of a DNS response."""

    answer_type: str
    ttl: int
    answer: str


class DnsResponse(msgspec.Struct):
    """Question of a DNS response with all answers of the message."""

    query_data: DnsQuery
    dns_answer: list[DnsAnswer]


class HttpRequest(msgspec.Struct):
    """Head of an HTTP request; ``content_length`` is -1 if it is unknown."""

    method: str
    protocol: str
    host: str
    uri_path: str
    headers: dict[str, list[str]]
    content_length: int


class HttpResponse(msgspec.Struct):
    """Head of an HTTP response; ``content_length`` is -1 if it is unknown."""

    status: str
    status_code: int
    protocol: str
    headers: dict[str, list[str]]
    content_length: int


class Http(msgspec.Struct):
    """Head of a request or response; the fields of the other are empty."""

    direction: str
    method: str
    protocol: str
    host: str
    uri_path: str
    status: str
    status_code: int
    headers: dict[str, list[str]]
    content_length: int
