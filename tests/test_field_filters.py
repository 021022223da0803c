# SPDX-License-Identifier: Apache-2.0
"""Per-event filters on records as the kernel side sends them (rules 6, 7, 18)."""

from __future__ import annotations

import socket
import struct

import msgspec
import pytest

from tests.output.samples import BASE, CONTAINER
from tracee_ref.abi import FLAGS_CHANGED_SHIFT
from tracee_ref.decode.records import EVENT_AT, FLAGS_AT, HEADER, RecordDecoder, View
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.events.event import TraceEvent
from tracee_ref.field_filters import EventFilter, FieldFilters, attribute_of
from tracee_ref.filters.fields import ALIASES, NUMBER_FIELDS, STRING_FIELDS
from tracee_ref.filters.parse import parse_filters

CATALOGUE = load_catalogue()
EPOCH = 1000
CUT, UNREADABLE, NULL = 4 << 32, 2 << 32, 1 << 32
MINUS_100 = 2**64 - 100


def record(event: str, slots: tuple[int, ...], data: bytes = b"", *, mask: int = 1) -> bytes:
    number = CATALOGUE[event].id
    ids = (11, 12, 10, 1, 2, 3, 1000, 4026531841, 4026531836)
    call = number if CATALOGUE[event].syscall else -1
    head = HEADER.pack(5, -2, number, call, mask, 4, 77, *ids, 6, 0, b"cat", b"host", b"")
    return head + struct.pack(f"{len(slots)}Q", *slots) + data


def openat(
    path: bytes = b"/etc/a", slot: int = 0, flags: int = 0o2000000, *, mask: int = 1
) -> bytes:
    slots = (MINUS_100, len(path) | slot, flags, 0o644, 0, 0)
    return record("openat", slots, path, mask=mask)


SOCKADDR = struct.pack("=H", socket.AF_INET) + struct.pack("!H4B8x", 80, 1, 2, 3, 4)
RECORDS = {
    "openat": openat(),
    "execve": record("execve", (2, 5, NULL, 0, 0, 0), b"shsh\0-\0"),
    "connect": record("connect", (3, 16, 16, 0, 0, 0), SOCKADDR),
    "pipe": record("pipe", (8, 0, 0, 0, 0, 0), struct.pack("2i", 3, -4)),
    "mmap": record("mmap", (0x7F00, 4096, 1, 0x22, 2**64 - 1, 0)),
    "sched_process_exit": record("sched_process_exit", (256, 1)),
}


def filtered(flags: str, data: bytes, *, symbolic: bool = True) -> TraceEvent | None:
    """Return the filtered event of a record, with scopes that all select it."""
    (number,) = struct.unpack_from("=I", data, EVENT_AT)
    (name,) = (name for name, event in CATALOGUE.items() if event.id == number)
    numbers = {flag.split(":")[0] for flag in flags.split() if ":" in flag.split(".")[0]} or {"1"}
    selected = [f"{number}:event={name}" for number in numbers]
    filters = FieldFilters(parse_filters([*selected, *flags.split()], CATALOGUE), symbolic=symbolic)
    decoder = RecordDecoder(
        View(clock_offset=EPOCH, symbolic=symbolic), raw_events=filters.raw_events
    )
    return filters.apply(decoder(data))


@pytest.mark.parametrize("symbolic", [True, False])
@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ("openat.args.pathname=/etc/a", True),
        ("openat.args.pathname=/etc", False),
        ("openat.args.pathname=/etc*", True),
        ("openat.args.pathname=*a", True),
        ("openat.args.pathname=*tc*", True),
        ("openat.args.pathname!=/etc/*", False),
        ("openat.args.pathname!=/tmp/*", True),
        ("openat.args.pathname=/x,/etc/*", True),
        ("openat.args.flags=O_RDONLY|O_CLOEXEC", True),
        ("openat.args.flags=O_RDONLY", False),
        ("openat.args.flags=*O_CLOEXEC", True),
        ("openat.args.flags=524288", True),
        ("openat.args.flags!=524288", False),
        ("openat.args.flags>524287", True),
        ("openat.args.dirfd=-100", True),
        ("openat.args.dirfd<0", True),
        ("openat.args.mode=420 openat.args.pathname=*a", True),
        ("openat.args.mode=420 openat.args.pathname=*b", False),
        ("openat.retval=-2", True),
        ("openat.retval>-2", False),
        ("openat.retval!=-2", False),
        ("openat.retval<0 openat.retval>-3", True),
        ("execve.args.argv=[sh*", True),
        ("execve.args.argv=*-]", True),
        ("execve.args.envp!=x", False),
        ("connect.args.addr=*sin_addr:1.2.3.4*", True),
        ("connect.args.addr=map[sa_family:AF_INET*", True),
        ("pipe.args.pipefd=[3*", True),
        ("mmap.args.addr=0x7f00", True),
        ("mmap.args.addr=32512", True),
        ("mmap.args.prot=PROT_READ", True),
        ("mmap.args.prot=1", True),
        ("sched_process_exit.args.process_group_exit=true", True),
        ("sched_process_exit.args.process_group_exit=1", True),
        ("sched_process_exit.args.exit_code>=256", True),
    ],
)
def test_field_filter_argument_and_retval(filters: str, holds: bool, symbolic: bool) -> None:
    """Rule 7: both forms count, whichever is output."""
    event = filtered(filters, RECORDS[filters.split(".", maxsplit=1)[0]], symbolic=symbolic)
    assert (event is not None) == holds


@pytest.mark.parametrize(("slot", "holds"), [(0, True), (NULL, False), (UNREADABLE, False)])
@pytest.mark.parametrize("op", ["=", "!="])
def test_field_filter_unread_value(slot: int, holds: bool, op: str) -> None:
    """Rule 18: not even !=."""
    value = "/etc/a" if op == "=" else "/other"
    data = openat(b"" if slot else b"/etc/a", slot)
    assert (filtered(f"openat.args.pathname{op}{value}", data) is not None) == holds


def test_field_filter_truncated_string() -> None:
    """A string that was truncated is compared as it is printed."""
    data = openat(b"/etc/a", CUT)
    assert filtered("openat.args.pathname=/etc/*", data)
    assert not filtered("openat.args.pathname=/etc/a", data)
    assert not filtered("openat.args.pathname=*/a", data)
    assert filtered("openat.args.pathname!=*/a", data)


def test_field_filter_clears_own_bit() -> None:
    """A filter that does not hold clears the bit of its scope only."""
    filters = "1:openat.args.pathname=/etc/* 2:openat.retval>=0 3:openat.args.flags!=7 4:comm=x"
    event = filtered(filters, openat(mask=0b1111))
    assert event is not None
    assert event.matched_scopes == 0b1101
    none = filtered(filters, openat(mask=0b0010))
    assert none is None


@pytest.mark.parametrize("symbolic", [True, False])
def test_field_filter_keeps_event(symbolic: bool) -> None:
    """Arguments that were decoded raw become symbolic, too."""
    for name, data in RECORDS.items():
        unfiltered = RecordDecoder(View(EPOCH, symbolic))(data)
        assert filtered(f"{name}.context.comm=cat", data, symbolic=symbolic) == unfiltered


def test_field_filter_raw_events() -> None:
    """Only events with filters are decoded raw."""
    without = FieldFilters(parse_filters(["event=openat", "comm=cat"], CATALOGUE), symbolic=True)
    assert not without.raw_events
    others = parse_filters(["event=openat,close", "close.retval<0"], CATALOGUE)
    filters = FieldFilters(others, symbolic=True)
    assert filters.raw_events == {"close"}
    event = RecordDecoder(View(EPOCH, True), raw_events=filters.raw_events)(openat())
    assert filters.apply(event) == RecordDecoder(View(EPOCH, True))(openat())


CONTEXT = {
    "timestamp": 1005,
    "processorId": 6,
    "processId": 1,
    "threadId": 2,
    "parentProcessId": 3,
    "hostProcessId": 11,
    "hostThreadId": 12,
    "hostParentProcessId": 10,
    "userId": 1000,
    "mountNamespace": 4026531841,
    "pidNamespace": 4026531836,
    "cgroupId": 77,
    "processName": "cat",
    "hostName": "host",
    "syscall": "openat",
}


@pytest.mark.parametrize("field", sorted(NUMBER_FIELDS | STRING_FIELDS | ALIASES.keys()))
def test_field_filter_context(field: str) -> None:
    """A field of the constring."""
    value = CONTEXT.get(ALIASES.get(field, field), "")
    assert (filtered(f"openat.context.{field}={value or 'x'}", openat()) is not None) == bool(value)
    assert filtered(f"openat.context.{field}!={value or 'x'}", openat()) is None


def test_context_field_attributes() -> None:
    """Tracee v0.12 reads hostParentProcessId and podName from other fields."""
    attributes = {attribute_of(field) for field in NUMBER_FIELDS | STRING_FIELDS}
    assert attributes <= set(TraceEvent.__struct_fields__)
    assert len(attributes) == len(NUMBER_FIELDS | STRING_FIELDS)


def exit_mask(flag: str, event: TraceEvent) -> int:
    name = "sched_process_exit"
    scopes = parse_filters([f"event={name}", f"{name}.context.{flag}"], CATALOGUE)
    return EventFilter(CATALOGUE[name], scopes).mask(event)


IN_POD = msgspec.structs.replace(
    CONTAINER, event_name=BASE.event_name, matched_scopes=1, pod_name="web", pod_uid="u-1"
)
ON_HOST = msgspec.structs.replace(BASE, matched_scopes=1)


@pytest.mark.parametrize(
    ("flag", "in_container", "on_host"),
    [
        ("container", 1, 0),
        ("host", 0, 1),
        ("containerId=e9cf*", 1, 0),
        ("containerId!=abc", 1, 0),
        ("containerImage=*alpine*", 1, 0),
        ("podName=web", 1, 0),
        ("podUid=u-1", 1, 0),
        ("podNamespace!=x", 0, 0),
    ],
)
def test_field_filter_container(flag: str, in_container: int, on_host: int) -> None:
    """Unknown facts of a container are absent, so no filter on them holds."""
    assert (exit_mask(flag, IN_POD), exit_mask(flag, ON_HOST)) == (in_container, on_host)


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ("openat.args.pathname=/etc/a", True),
        ("openat.args.pathname=/tmp/b", True),
        ("openat.args.pathname=*b", True),
        ("openat.args.pathname=/x", False),
        ("openat.args.pathname!=/etc/a", False),
        ("openat.args.pathname!=/tmp/b", False),
        ("openat.args.pathname!=/x", True),
        ("openat.args.pathname=/tmp/* openat.args.pathname!=/tmp/c", True),
        ("openat.args.pathname=/tmp/* openat.args.pathname!=/etc/a", False),
    ],
)
def test_field_filter_changed_argument(filters: str, holds: bool) -> None:
    """Rule 19: either value, of exclusions both."""
    path, later = b"/etc/a", b"/tmp/b"
    changed = path + struct.pack("Q", len(later)) + later
    data = bytearray(record("openat", (MINUS_100, len(path), 0, 0, 0, 0), changed))
    struct.pack_into("H", data, FLAGS_AT, 2 << FLAGS_CHANGED_SHIFT)
    assert (filtered(filters, bytes(data)) is not None) == holds
