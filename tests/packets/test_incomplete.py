# SPDX-License-Identifier: Apache-2.0
"""The optional argument of malformed and cut messages: output, filters, oracle."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.output.test_json_fields import SCHEMA
from tests.packets.wire import all_events_of, ipv4, ipv6, sent, udp
from tracee_ref.abi import PACKET_TOO_DEEP
from tracee_ref.events.catalogue import OPTIONAL, Row, data_file, load_catalogue
from tracee_ref.events.event import TraceEvent
from tracee_ref.field_filters import FieldFilters
from tracee_ref.filters.parse import parse_filters
from tracee_ref.oracle.dialects import semantics_of
from tracee_ref.oracle.streams.events_json import read_event
from tracee_ref.oracle.streams.verdicts import Verdicts
from tracee_ref.output.json_lines import JsonPrinter

QUERY = bytes.fromhex("123401000001000000000000") + b"\7example\3com\0\0\1\0\1"
TRACEE = {
    row.name: row for row in (Row(*fields) for fields in json.loads(data_file("events.json")))
}
DNS = {
    None: sent(ipv4(17, udp(QUERY))),
    "malformed: a name that does not end": sent(ipv4(17, udp(QUERY[:-6]))),
    "cut: 24 of 29 bytes": sent(ipv4(17, udp(QUERY)[:-5], fragment=0x2000), fragment=1),
}
FLAGS = {
    "1:net_packet_dns.args.incomplete=cut*": {"cut"},
    "2:net_packet_dns.args.incomplete!=cut*": {"malformed", ""},
    "3:net_packet_dns.args.incomplete=*:*": {"cut", "malformed"},
    "4:net_packet_dns.args.incomplete!=cut*,malformed*": {""},
    "5:net_packet_dns.args.incomplete=*24 of 29*": {"cut"},
    "6:net_packet_dns.args.incomplete!=*:*": {""},
}
SELECTED = [f"{number}:event=net_packet_dns" for number in range(1, len(FLAGS) + 1)]


def event_of(reason: str | None) -> TraceEvent:
    (event,) = all_events_of([DNS[reason]], ["net_packet_dns"])
    return event


@pytest.mark.parametrize("reason", DNS)
def test_incomplete_arguments(reason: str | None) -> None:
    """The arguments are those of Tracee v0.12, and the reason if there is one."""
    event = event_of(reason)
    names = [name for _, name in TRACEE["net_packet_dns"].args]
    assert [argument.name for argument in event.args[: len(names)]] == names
    assert [argument.value for argument in event.args[len(names) :]] == [reason] * bool(reason)
    assert event.args_num == len(event.args)


def test_incomplete_schema() -> None:
    """An event with a reason fits the schema."""
    jsonschema.validate(json.loads(JsonPrinter().line(event_of([*DNS][-1]))), SCHEMA)


@pytest.mark.parametrize("reason", DNS)
def test_incomplete_filters(reason: str | None) -> None:
    """Filters have the empty string for a whole message; the oracle agrees on the output."""
    expected = sum(
        1 << number
        for number, kinds in enumerate(FLAGS.values())
        if (reason or "").partition(":")[0] in kinds
    )
    flags = [*SELECTED, *FLAGS]
    event = event_of(reason)
    event.matched_scopes = (1 << len(FLAGS)) - 1
    FieldFilters(parse_filters(flags, load_catalogue()), symbolic=False).apply(event)
    assert event.matched_scopes == expected
    printed = read_event(json.loads(JsonPrinter().line(event)))
    verdict = Verdicts(semantics_of(flags, None)).of(printed)
    assert (verdict.certain, verdict.undecidable) == (expected, 0)


@pytest.mark.parametrize("name", OPTIONAL)
def test_incomplete_declared(name: str) -> None:
    """It is the last argument of each event that can have it."""
    *others, last = load_catalogue()[name].args
    assert [[argument.type, argument.name] for argument in others] == TRACEE[name].args
    assert (last.name, last.type, last.optional) == ("incomplete", "const char*", True)


def test_incomplete_only_declared() -> None:
    """No event has it that does not declare it."""
    deep = [sent(network(0, bytes(8)), protocol=PACKET_TOO_DEEP) for network in (ipv4, ipv6)]
    for event in all_events_of([*DNS.values(), *deep]):
        names = [argument.name for argument in load_catalogue()[event.event_name].args]
        assert [argument.name for argument in event.args] in (names, names[:-1])
