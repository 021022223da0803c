# SPDX-License-Identifier: Apache-2.0
"""Parser of DNS messages; a malformed message gives its complete records, or None."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from .headers import TCP, Packet
from .types import Dns, DnsAnswer, DnsQuery, DnsQuestion, DnsRecord, DnsResponse

PORT: Final = 53
HEADER_BYTES: Final = 12
RESERVED_BIT: Final = 0x40
PARSE_ERRORS: Final = (dns.exception.DNSException, ValueError, KeyError, IndexError, OverflowError)
"""Exceptions of dnspython for a malformed message."""

GOPACKET_OPCODES: Final = {0: "Query", 1: "Inverse Query", 2: "Status", 4: "Notify", 5: "Update"}
GOPACKET_RCODES: Final = {
    0: "No Error", 1: "Format Error", 2: "Server Failure ", 3: "Non-Existent Domain",
    4: "Not Implemented", 5: "Query Refused",
}  # fmt: skip


@lru_cache(maxsize=1)
def read_dns(packet: Packet) -> dns.message.Message | None:
    """Return the DNS message of a packet from or to port 53, or None."""
    ports = packet.transport and (packet.transport.src_port, packet.transport.dst_port)
    if not ports or PORT not in ports:
        return None
    data = packet.payload
    if packet.protocol == TCP:  # prefixed with its length
        data = data[2:]
    if len(data) < HEADER_BYTES:
        return None
    try:
        return dns.message.from_wire(data, ignore_trailing=True, continue_on_error=True)
    except PARSE_ERRORS:
        return None


def is_response(message: dns.message.Message) -> bool:
    """Return whether a message is a response."""
    return bool(message.flags & dns.flags.QR)


def message_value(message: dns.message.Message) -> Dns:
    """Return the argument of net_packet_dns."""
    flags, rcode = message.flags, int(message.rcode())
    opcode = int(message.opcode())
    sections = [list(map(record_of, records_of(section))) for section in message.sections[1:]]
    questions = [
        DnsQuestion(_name(q), _type(q.rdtype), _class(q.rdclass)) for q in message.question
    ]
    return Dns(
        id=message.id,
        qr=int(is_response(message)),
        op_code=GOPACKET_OPCODES.get(opcode, str(opcode)),
        aa=int(bool(flags & dns.flags.AA)),
        tc=int(bool(flags & dns.flags.TC)),
        rd=int(bool(flags & dns.flags.RD)),
        ra=int(bool(flags & dns.flags.RA)),
        z=int(bool(flags & RESERVED_BIT)),
        response_code=GOPACKET_RCODES.get(rcode, str(rcode)),
        qd_count=len(questions),
        an_count=len(sections[0]),
        ns_count=len(sections[1]),
        ar_count=len(sections[2]),
        questions=questions,
        answers=sections[0],
        authorities=sections[1],
        additionals=sections[2],
    )


def dns_message(packet: Packet) -> Dns | None:
    """Return the argument of net_packet_dns, or None."""
    message = read_dns(packet)
    return message_value(message) if message else None


def dns_request(packet: Packet) -> list[DnsQuery] | None:
    """Return the questions of a request, or None if the packet has none."""
    message = read_dns(packet)
    return queries_of(message) if message and not is_response(message) else None


def dns_response(packet: Packet) -> list[DnsResponse] | None:
    """Return the questions of a response with the answers, or None if the packet has none."""
    message = read_dns(packet)
    return responses_of(message) if message and is_response(message) else None


def queries_of(message: dns.message.Message) -> list[DnsQuery]:
    """Return the questions of a message."""
    return [DnsQuery(_name(q), _type(q.rdtype), _class(q.rdclass)) for q in message.question]


def responses_of(message: dns.message.Message) -> list[DnsResponse]:
    """Return each question with all answers, as Tracee v0.12 does."""
    answers = [
        DnsAnswer(record.type, record.ttl, record.data)
        for record in map(record_of, records_of(message.answer))
    ]
    return [DnsResponse(query, answers) for query in queries_of(message)]


Record = tuple["dns.rrset.RRset", str]
"""Set of the record, and the content of the record."""


def records_of(section: list[dns.rrset.RRset]) -> list[Record]:
    """Return the records of a section."""
    return [(rrset, _text(rdata)) for rrset in section for rdata in rrset]


def record_of(record: Record) -> DnsRecord:
    """Return the structure of a record."""
    rrset, data = record
    return DnsRecord(_name(rrset), _type(rrset.rdtype), _class(rrset.rdclass), rrset.ttl, data)


def _text(rdata: object) -> str:
    return str(rdata)


def _name(rrset: dns.rrset.RRset) -> str:
    return rrset.name.to_text(omit_final_dot=True)


def _type(number: int) -> str:
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))


def _class(number: int) -> str:
    return dns.rdataclass.to_text(dns.rdataclass.RdataClass.make(number))
