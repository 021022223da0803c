# SPDX-License-Identifier: Apache-2.0
"""DNS messages, read by dnspython; a broken one gives what was whole, or nothing."""

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
from .shown import Dns, DnsAnswer, DnsQuery, DnsQuestion, DnsRecord, DnsResponse

PORT: Final = 53
HEADER_BYTES: Final = 12
RESERVED_BIT: Final = 0x40
FAULTS: Final = (dns.exception.DNSException, ValueError, KeyError, IndexError, OverflowError)
"""What dnspython raises for a message that is none."""

GOPACKET_OPCODES: Final = {0: "Query", 1: "Inverse Query", 2: "Status", 4: "Notify", 5: "Update"}
GOPACKET_RCODES: Final = {
    0: "No Error", 1: "Format Error", 2: "Server Failure ", 3: "Non-Existent Domain",
    4: "Not Implemented", 5: "Query Refused",
}  # fmt: skip


@lru_cache(maxsize=1)
def read_dns(packet: Packet) -> dns.message.Message | None:
    """Return the DNS message of a packet from or to the port of DNS; None if there is none."""
    ports = packet.transport and (packet.transport.src_port, packet.transport.dst_port)
    if not ports or PORT not in ports:
        return None
    data = packet.payload
    if packet.protocol == TCP:  # its length comes first
        data = data[2:]
    if len(data) < HEADER_BYTES:
        return None
    try:
        return dns.message.from_wire(data, ignore_trailing=True, continue_on_error=True)
    except FAULTS:
        return None


def is_response(message: dns.message.Message) -> bool:
    """Whether it answers."""
    return bool(message.flags & dns.flags.QR)


def header_of(message: dns.message.Message) -> Dns:
    """Return the whole message, as its own event shows it."""
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


def whole(packet: Packet) -> Dns | None:
    """Return the message that a packet carries."""
    message = read_dns(packet)
    return header_of(message) if message else None


def request(packet: Packet) -> list[DnsQuery] | None:
    """Return the questions of a request; None if the packet carries none."""
    message = read_dns(packet)
    return queries_of(message) if message and not is_response(message) else None


def response(packet: Packet) -> list[DnsResponse] | None:
    """Return the answers of a response; None if the packet carries none."""
    message = read_dns(packet)
    return responses_of(message) if message and is_response(message) else None


def queries_of(message: dns.message.Message) -> list[DnsQuery]:
    """Return the questions."""
    return [DnsQuery(_name(q), _type(q.rdtype), _class(q.rdclass)) for q in message.question]


def responses_of(message: dns.message.Message) -> list[DnsResponse]:
    """Return each question with all answers, as upstream pairs them."""
    answers = [
        DnsAnswer(record.type, record.ttl, record.data)
        for record in map(record_of, records_of(message.answer))
    ]
    return [DnsResponse(query, answers) for query in queries_of(message)]


Record = tuple["dns.rrset.RRset", str]


def records_of(section: list[dns.rrset.RRset]) -> list[Record]:
    """Return the records of a section, each with its content."""
    return [(rrset, _text(rdata)) for rrset in section for rdata in rrset]


def record_of(record: Record) -> DnsRecord:
    """Return a record as it is shown."""
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
