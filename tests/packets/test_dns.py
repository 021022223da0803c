# SPDX-License-Identifier: Apache-2.0
"""DNS messages as they were on the wire."""

from __future__ import annotations

import struct
import subprocess
import sys

import dns.message
import dns.rdatatype
import dns.tsig
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.packets.wire import all_events_of, arguments, ipv4, sent, udp
from tracee_ref.packets.dns import TEXT_MAX, read_dns
from tracee_ref.packets.dns_names import BadMessageError, NameReader
from tracee_ref.packets.messages import Message
from tracee_ref.packets.types import Dns, DnsRecord

EXAMPLE = b"\7example\3com\0"
AT_EXAMPLE = b"\xc0\x0c"
"""A pointer to the name of the question."""


def header(*counts: int, flags: int = 0x8180) -> bytes:
    return struct.pack("!6H", 1, flags, *counts)


def question(name: bytes = EXAMPLE) -> bytes:
    return name + struct.pack("!2H", 1, 1)


def record(kind: int, data: bytes, *, ttl: int = 60, class_: int = 1) -> bytes:
    return AT_EXAMPLE + struct.pack("!2HIH", kind, class_, ttl, len(data)) + data


def read(data: bytes, size: int = 0) -> tuple[Dns, str | None]:
    message = read_dns(data, size or len(data))
    assert isinstance(message, Message)
    assert isinstance(message.value, Dns)
    return message.value, message.incomplete


def answers(*records: bytes) -> list[DnsRecord]:
    value, incomplete = read(header(1, len(records), 0, 0) + question() + b"".join(records))
    assert incomplete is None
    return value.answers


CONTENTS = [
    (1, bytes([10, 0, 0, 1]), "10.0.0.1"),
    (28, bytes(15) + b"\1", "::1"),
    (2, b"\2ns" + AT_EXAMPLE, "ns.example.com"),
    (5, AT_EXAMPLE, "example.com"),
    (12, b"\1a\0", "a"),
    (15, b"\0\x0a\4smtp" + AT_EXAMPLE, "10 smtp.example.com"),
    (15, b"\0\0\0", "0 ."),
    (33, struct.pack("!3H", 1, 2, 80) + AT_EXAMPLE, "1 2 80 example.com"),
    (6, AT_EXAMPLE + b"\1m" + AT_EXAMPLE + struct.pack("!5I", 1, 2, 3, 4, 5),
     "example.com m.example.com 1 2 3 4 5"),
    (16, b"\3a\"b\2\xff ", '"a\\"b" "\\255 "'),
    (16, b"", ""),
    (47, b"\1n\0" + b"\0\1\x40", "n A"),
    (257, b"\0\5issueca", '0 issue "ca"'),
    (65280, b"\1\2", "\\# 2 0102"),
    (99, b"\1a", '"a"'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "data", "text"), CONTENTS)
def test_dns_content(kind: int, data: bytes, text: str) -> None:
    """Names in contents have no final dot, as Tracee prints them."""
    (found,) = answers(record(kind, data))
    assert (found.name, found.data) == ("example.com", text)


CLASSES_BEFORE = """
from tests.packets.test_dns import answers, header, question, read, record
aaaa, chaos = bytes(15) + b"\\1", b"\\1a\\0" + b"\\0\\1"
for class_ in (255, 254, 3, 4, 77):
    for kind, data in ((28, aaaa), (1, chaos)):
        read(header(1, 1, 0, 0) + question() + record(kind, data, class_=class_))
print(answers(record(28, aaaa))[0].data, answers(record(1, chaos, class_=3))[0].data)
"""


def test_dns_content_after_other_classes() -> None:
    """A record in another class changes nothing about those that follow."""
    argv = [sys.executable, "-c", CLASSES_BEFORE]
    run = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("::1 a 1\n", "")


def test_dns_records_as_sent() -> None:
    """Records keep their order and TTLs, repeated ones and those between others too."""
    one, two = record(1, b"\1\1\1\1", ttl=5), record(1, b"\2\2\2\2", ttl=0xFFFFFFFF)
    found = answers(two, record(16, b"\1x"), one, two, one)
    assert [(each.type, each.ttl) for each in found] == [
        ("A", 0xFFFFFFFF), ("TXT", 60), ("A", 5), ("A", 0xFFFFFFFF), ("A", 5),
    ]  # fmt: skip


def test_dns_edns_and_tsig() -> None:
    """OPT and TSIG are records like others; OPT extends the response code."""
    request = dns.message.make_query("example.com", "A", use_edns=0, payload=1232)
    request.use_tsig({"key.": b"secret"}, algorithm=dns.tsig.HMAC_SHA256)
    value, incomplete = read(request.to_wire())
    assert incomplete is None
    assert [(r.name, r.type, r.class_) for r in value.additionals] == [
        (".", "OPT", "CLASS1232"), ("key", "TSIG", "ANY"),
    ]  # fmt: skip
    assert value.additionals[1].data.startswith("hmac-sha256 ")
    opt = b"\0" + struct.pack("!2HIH", 41, 4096, 1 << 24, 0)
    assert read(header(0, 0, 0, 1) + opt)[0].response_code == "16"


def test_dns_update() -> None:
    """The sections of an update are those of a query; deletions have no content."""
    update = dns.update.UpdateMessage("example.com")
    update.present("a", "A")
    update.add("b", 300, "A", "10.0.0.1")
    update.delete("c", "A")
    update.delete("d", "AAAA", "::1")
    update.present("e", "A", "10.0.0.2")
    value, incomplete = read(update.to_wire())
    assert (value.op_code, incomplete) == ("Update", None)
    assert [(q.name, q.type) for q in value.questions] == [("example.com", "SOA")]
    assert [(r.name, r.class_, r.data) for r in [*value.answers, *value.authorities]] == [
        ("a.example.com", "ANY", ""), ("e.example.com", "IN", "10.0.0.2"),
        ("b.example.com", "IN", "10.0.0.1"), ("c.example.com", "ANY", ""),
        ("d.example.com", "NONE", "::1"),
    ]  # fmt: skip


ANSWER = header(1, 2, 0, 0) + question() + 2 * record(1, b"\1\1\1\1")
BROKEN = [
    (ANSWER[:-3], 0, 1, "malformed: a record that does not end"),
    (ANSWER[:-3], len(ANSWER), 1, f"cut: {len(ANSWER) - 3} of {len(ANSWER)} bytes"),
    (ANSWER + b"more", 0, 2, "malformed: 4 bytes after the last record"),
    (header(1, 9, 0, 0) + ANSWER[12:], 0, 2, "malformed: a name that does not end"),
    (ANSWER[:-16] + record(1, b"\1"), 0, 2, "malformed: content of a record of type A"),
    (ANSWER[:-16] + record(2, b"\1aaa"), 0, 2, "malformed: a label of an unknown type"),
    (ANSWER[:-16] + record(15, b"\0"), 0, 2, "malformed: a record that is too short"),
    (header(1, 0, 0, 0) + question(b"\xc0\x0c"), 0, 0,
     "malformed: a pointer that does not point backwards"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "size", "records", "reason"), BROKEN)
def test_dns_incomplete(data: bytes, size: int, records: int, reason: str) -> None:
    """A malformed or cut message has its complete records, its counts, and the reason."""
    value, incomplete = read(data, size)
    assert (len(value.answers), incomplete) == (records, reason)
    assert value.an_count == int.from_bytes(data[6:8], "big")


def test_dns_incomplete_in_events() -> None:
    """The events of a cut message have the reason; those of others lack the argument."""
    for data, reason in ((ANSWER, None), (ANSWER[:-1], "malformed: a record that does not end")):
        packet = sent(ipv4(17, udp(data)))
        for event in all_events_of([packet], ["net_packet_dns", "net_packet_dns_response"]):
            assert arguments(event).get("incomplete") == reason
            assert ("incomplete" in arguments(event)) == bool(reason)


def test_dns_datagrams_of_one_packet() -> None:
    """A packet that will become several datagrams (UDP_SEGMENT) has a message in each."""
    query = header(1, 0, 0, 0, flags=0x100) + question()
    packet = sent(ipv4(17, udp(2 * query)), segment_size=len(query))
    found = all_events_of([packet], ["net_packet_dns"])
    assert [arguments(event).get("incomplete") for event in found] == [None, None]


class CountingReader(NameReader):
    """Reader that counts the labels that it decodes."""

    labels = 0

    def _label(self, offset: int, length: int) -> str:
        self.labels += 1
        return super()._label(offset, length)


def test_dns_name_once() -> None:
    """A label is decoded once, however many names point to it or before it."""
    name = 120 * b"\1a" + b"\0"
    pointers = b"".join(struct.pack("!H", 0xC000 | 12 + 2 * n) for n in range(100))
    reader = CountingReader(bytes(12) + name + 3 * pointers)
    for number in range(300):
        read_name = reader.read(12 + len(name) + 2 * number)
        assert read_name.text == ".".join("a" * (120 - number % 100))
        assert read_name.end == 12 + len(name) + 2 * number + 2
    assert reader.labels == 120


def test_dns_name_too_long() -> None:
    """A name of more than 255 bytes is malformed, also one that a pointer makes so."""
    label = b"\77" + 63 * b"a"
    with pytest.raises(BadMessageError, match="more than 255 bytes"):
        NameReader(3 * label + b"\77" + 63 * b"a" + b"\0").read(0)
    reader = NameReader(3 * label + b"\0" + label + b"\xc0\0")
    assert reader.read(0).size == 193
    with pytest.raises(BadMessageError, match="more than 255 bytes"):
        reader.read(193)


def test_dns_text_limit() -> None:
    """The text of one message is limited, and that of the answers to several questions."""
    long = b"".join(b"\1a" for _ in range(120)) + b"\0"
    names = b"".join(AT_EXAMPLE + struct.pack("!2HIH", 2, 1, 1, 2) + AT_EXAMPLE for _ in range(280))
    value, incomplete = read(header(1, 280, 0, 0) + question(long) + names)
    assert incomplete == f"cut: more than {TEXT_MAX} characters"
    assert 50 < len(value.answers) < 280
    many = header(300, 150, 0, 0) + 300 * question(b"\0") + 150 * record(1, b"\1\1\1\1")
    (event,) = all_events_of([sent(ipv4(17, udp(many)))], ["net_packet_dns_response"])
    assert arguments(event)["incomplete"] == f"cut: more than {TEXT_MAX} characters"
    assert len(arguments(event)["dns_response"]) < 30


NAMES = st.lists(
    st.binary(min_size=1, max_size=20).map(lambda label: label), min_size=1, max_size=6
)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=20), st.integers(0, 0xFFFFFFFF)), max_size=6))
def test_dns_like_dnspython(records: list[tuple[list[bytes], bytes, int]]) -> None:
    """Names and generic contents are those that dnspython reads."""
    data = header(0, len(records), 0, 0)
    for labels, content, ttl in records:
        data += b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
        data += struct.pack("!2HIH", 65281, 1, ttl & 0x7FFFFFFF, len(content)) + content
    expected = dns.message.from_wire(data, one_rr_per_rrset=True)
    value, incomplete = read(data)
    assert incomplete is None
    assert [(r.name, r.ttl) for r in value.answers] == [
        (rrset.name.to_text(omit_final_dot=True), rrset.ttl) for rrset in expected.answer
    ]
