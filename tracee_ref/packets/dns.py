# SPDX-License-Identifier: Apache-2.0
"""Parser of DNS messages, with the records as they were on the wire.

dnspython merges the records of a name, drops repeated ones and those of EDNS and TSIG, and refuses
updates; dnslib, dpkt and scapy give nothing of a cut message, and know a quarter of the types.  So
the records are read here, and dnspython formats their contents (dns_data.py).
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from .dns_data import OPT, class_name, data_text, generic_text, type_name
from .dns_names import BadMessageError, NameReader, ShortMessageError
from .messages import Message, cut
from .types import Dns, DnsAnswer, DnsQuery, DnsQuestion, DnsRecord, DnsResponse

HEADER: Final = Struct("!6H")
QUESTION: Final = Struct("!2H")
RECORD: Final = Struct("!2HIH")
QR, AA, TC, RD, RA, Z = 0x8000, 0x400, 0x200, 0x100, 0x80, 0x40

TEXT_MAX: Final = 32_768
"""Characters of the names and contents that are printed of one message."""

FIELDS_TEXT: Final = 16
"""Characters that the other fields of a record count as."""

GOPACKET_OPCODES: Final = {0: "Query", 1: "Inverse Query", 2: "Status", 4: "Notify", 5: "Update"}
GOPACKET_RCODES: Final = {
    0: "No Error", 1: "Format Error", 2: "Server Failure ", 3: "Non-Existent Domain",
    4: "Not Implemented", 5: "Query Refused",
}  # fmt: skip


def read_dns(data: bytes, size: int) -> Message | None:
    """Return the message that begins with ``data``, or None without a complete header.

    ``size`` is its length in bytes on the wire.
    """
    return DnsReader(data, size).read() if len(data) >= HEADER.size else None


def empty_dns(*, qr: int) -> Dns:
    """Return a message of which nothing was seen, a query or a response."""
    value = DnsReader(HEADER.pack(0, QR * qr, 0, 0, 0, 0), HEADER.size).read().value
    assert isinstance(value, Dns)
    return value


class DnsReader:
    """Reader of one message."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self._size = size
        self._at = HEADER.size
        self._names = NameReader(data)
        self._text = 0
        self._extended_rcode = 0
        self._reason: str | None = None

    def read(self) -> Message:
        """Return the message, with the records before the first that cannot be read."""
        id_, flags, *counts = HEADER.unpack_from(self._data)
        questions: list[DnsQuestion] = []
        sections: list[list[DnsRecord]] = [[], [], []]
        try:
            for _ in range(counts[0]):
                questions.append(self._question())
            for section, count in zip(sections, counts[1:], strict=True):
                for _ in range(count):
                    section.append(self._record())
            if self._at < self._size:
                raise ShortMessageError(f"{self._size - self._at} bytes after the last record")
        except BadMessageError as problem:
            self._reason = self._reason_of(problem)
        opcode, rcode = flags >> 11 & 15, self._extended_rcode | flags & 15
        value = Dns(
            id=id_,
            qr=int(bool(flags & QR)),
            op_code=GOPACKET_OPCODES.get(opcode, str(opcode)),
            aa=int(bool(flags & AA)),
            tc=int(bool(flags & TC)),
            rd=int(bool(flags & RD)),
            ra=int(bool(flags & RA)),
            z=int(bool(flags & Z)),
            response_code=GOPACKET_RCODES.get(rcode, str(rcode)),
            qd_count=counts[0],
            an_count=counts[1],
            ns_count=counts[2],
            ar_count=counts[3],
            questions=questions,
            answers=sections[0],
            authorities=sections[1],
            additionals=sections[2],
        )
        return Message(value, self._reason)

    def _question(self) -> DnsQuestion:
        name, _, at = self._names.read(self._at)
        kind, class_ = self._fields(QUESTION, at)
        self._count_text(len(name))
        return DnsQuestion(name, type_name(kind), class_name(class_))

    def _record(self) -> DnsRecord:
        name, _, at = self._names.read(self._at)
        kind, class_, ttl, length = self._fields(RECORD, at)
        start, self._at = self._at, self._at + length
        if self._at > len(self._data):
            raise ShortMessageError("a record that does not end")
        if kind == OPT:
            self._extended_rcode = ttl >> 24 << 4
        data = self._content(kind, class_, start)
        self._count_text(len(name) + len(data))
        return DnsRecord(name, type_name(kind), class_name(class_), ttl, data)

    def _fields(self, layout: Struct, at: int) -> tuple[int, ...]:
        self._at = at + layout.size
        if self._at > len(self._data):
            raise ShortMessageError("a record that does not end")
        return layout.unpack_from(self._data, at)

    def _content(self, kind: int, class_: int, start: int) -> str:
        """Return the content of a record, of a malformed one as hex."""
        try:
            return data_text(kind, class_, self._names, start, self._at)
        except BadMessageError as problem:
            self._reason = self._reason or f"malformed: {problem}"
            return generic_text(self._data[start : self._at])

    def _count_text(self, characters: int) -> None:
        self._text += characters + FIELDS_TEXT
        if self._text > TEXT_MAX:
            raise BadMessageError(f"more than {TEXT_MAX} characters")

    def _reason_of(self, problem: BadMessageError) -> str:
        if self._text > TEXT_MAX:
            return f"cut: {problem}"
        if isinstance(problem, ShortMessageError) and len(self._data) < self._size:
            return cut(len(self._data), self._size)
        return f"malformed: {problem}"


def queries_of(message: Dns) -> list[DnsQuery]:
    """Return the questions of a message."""
    return [DnsQuery(each.name, each.type, each.class_) for each in message.questions]


def responses_of(message: Dns) -> tuple[list[DnsResponse], str | None]:
    """Return each question with all answers, as Tracee v0.12 does; with the reason if that is cut.

    The length would be the square of the message's otherwise.
    """
    answers = [DnsAnswer(each.type, each.ttl, each.data) for each in message.answers]
    size = FIELDS_TEXT + sum(FIELDS_TEXT + len(each.answer) for each in answers)
    responses = [DnsResponse(query, answers) for query in queries_of(message)]
    complete = max(1, TEXT_MAX // size)
    reason = f"cut: more than {TEXT_MAX} characters" if len(responses) > complete else None
    return responses[:complete], reason
