# SPDX-License-Identifier: Apache-2.0
"""The arguments of packet events: structures that tables and JSON show field by field.

Names and orders of the fields are upstream's (types/trace/network_trace.go); 0 and 1 stand for
the single bits of headers.
"""

from __future__ import annotations

import msgspec


class IPv4(msgspec.Struct):
    """The header of IPv4."""

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
    """The header of IPv6."""

    version: int
    traffic_class: int = msgspec.field(name="trafficClass")
    flow_label: int = msgspec.field(name="flowLabel")
    length: int
    next_header: str = msgspec.field(name="nextHeader")
    hop_limit: int = msgspec.field(name="hopLimit")
    src_ip: str = msgspec.field(name="srcIP")
    dst_ip: str = msgspec.field(name="dstIP")


class Tcp(msgspec.Struct):
    """The header of TCP."""

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
    """The header of UDP."""

    src_port: int = msgspec.field(name="srcPort")
    dst_port: int = msgspec.field(name="dstPort")
    length: int
    checksum: int


class Icmp(msgspec.Struct):
    """An ICMP message; ``id`` and ``seq`` are its second word, whatever the type makes of it."""

    type_code: str = msgspec.field(name="typeCode")
    checksum: int
    id: int
    seq: int


class Icmpv6(msgspec.Struct):
    """An ICMPv6 message."""

    type_code: str = msgspec.field(name="typeCode")
    checksum: int


class Metadata(msgspec.Struct):
    """Where a packet of a request or a response comes from and goes to."""

    src_ip: str
    dst_ip: str
    src_port: int
    dst_port: int
    protocol: int
    packet_len: int
    iface: str


class DnsQuestion(msgspec.Struct):
    """A question, in the header's own event."""

    name: str
    type: str
    class_: str = msgspec.field(name="class")


class DnsRecord(msgspec.Struct):
    """A resource record; ``data`` is its content as zone files write it."""

    name: str
    type: str
    class_: str = msgspec.field(name="class")
    ttl: int = msgspec.field(name="TTL")
    data: str


class Dns(msgspec.Struct):
    """A DNS message."""

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
    """A question of a request."""

    query: str
    query_type: str
    query_class: str


class DnsAnswer(msgspec.Struct):
    """An answer of a response."""

    answer_type: str
    ttl: int
    answer: str


class DnsResponse(msgspec.Struct):
    """A question with the answers to it."""

    query_data: DnsQuery
    dns_answer: list[DnsAnswer]


class HttpRequest(msgspec.Struct):
    """The head of a request; a length of -1 is not known."""

    method: str
    protocol: str
    host: str
    uri_path: str
    headers: dict[str, list[str]]
    content_length: int


class HttpResponse(msgspec.Struct):
    """The head of a response; a length of -1 is not known."""

    status: str
    status_code: int
    protocol: str
    headers: dict[str, list[str]]
    content_length: int


class Http(msgspec.Struct):
    """The head of either; what the other kind has is empty."""

    direction: str
    method: str
    protocol: str
    host: str
    uri_path: str
    status: str
    status_code: int
    headers: dict[str, list[str]]
    content_length: int
