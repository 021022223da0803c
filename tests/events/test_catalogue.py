# SPDX-License-Identifier: Apache-2.0
"""Tests of the catalogue of events, and of the table of i386 system calls."""

from __future__ import annotations

import json
import runpy
from collections import Counter
from pathlib import Path

import pytest

from tracee_ref.derivation.rules import built_in_rules
from tracee_ref.events.catalogue import (
    AT_START,
    FIRST_COMMON_CALL,
    FIRST_NEW_CALL,
    LAST_NATIVE_CALL,
    ONLY_32BIT,
    TRACED,
    ArgumentDefinition,
    arm64_events,
    i386_events,
    load_catalogue,
    new_calls,
    x86_events,
)
from tracee_ref.events.function_events import FUNCTIONS

ROOT = Path(__file__).parents[2]
UNASSIGNED_NUMBERS = {222, 223, 251, 285, 387, 388, 389, 390, 391, 392, 415}
TRACEE_BUILTIN_IDS = range(10_000)
"""Ids of all versions of Tracee up to 2026: MaxBuiltinID in its pkg/events/core.go."""

V012 = [event for event in load_catalogue().values() if event.id < FIRST_NEW_CALL]
"""The events of Tracee v0.12."""


def test_catalogue_event() -> None:
    """An event has the id, sets and arguments of Tracee v0.12."""
    event = load_catalogue()["openat"]
    assert (event.id, event.syscall, event.available) == (257, True, True)
    assert event.sets == {"syscalls", "fs", "fs_file_ops"}
    assert event.args == (
        ArgumentDefinition("dirfd", "int"),
        ArgumentDefinition("pathname", "const char*"),
        ArgumentDefinition("flags", "int"),
        ArgumentDefinition("mode", "mode_t"),
    )
    assert load_catalogue()["sched_process_exit"].id == 714
    assert load_catalogue()["net_packet_icmp"].available is True


def test_catalogue_group_sizes() -> None:
    """The groups have the sizes of Tracee v0.12 facts, 5.1."""
    assert Counter(event.syscall for event in V012) == {True: 446, False: 83}
    assert sum(event.syscall and event.id <= LAST_NATIVE_CALL for event in V012) == 360
    assert {event.id for event in V012 if ONLY_32BIT in event.sets} == set(range(449, 535))
    assert len({event.id for event in load_catalogue().values()}) == len(load_catalogue())


def test_catalogue_set_sizes() -> None:
    """The sets have the sizes of Tracee v0.12 facts, 5.1."""
    sizes = Counter(name for event in V012 for name in event.sets)
    expected = {"syscalls": 446, "fs": 149, "proc": 102, "default": 40, "net_snd_rcv": 6}
    assert {name: sizes[name] for name in expected} == expected


def test_catalogue_available() -> None:
    """Available are system calls and the events that are hooked or derived."""
    others = {e.name for e in load_catalogue().values() if e.available and not e.syscall}
    derived = {name for name in built_in_rules() if load_catalogue()[name].available}
    assert others == {*TRACED, *FUNCTIONS, *AT_START, *derived}
    assert {"sched_process_fork", "sched_process_exec", "sched_process_exit"} < TRACED
    assert all(event.available for event in load_catalogue().values() if event.syscall)


def test_catalogue_internal_events() -> None:
    """Internal events of Tracee v0.12 are not in the catalogue."""
    assert not {"net_packet_base", "print_syscall_table", "capture_exec"} & set(load_catalogue())


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (1, "exit"),
        (11, "execve"),
        (16, "lchown16"),
        (17, "break"),
        (22, "umount"),
        (24, "getuid16"),
        (52, "umount2"),
        (76, "old_getrlimit"),
        (82, "old_select"),
        (122, "uname"),
        (137, "afs_syscall"),
        (140, "llseek"),
        (142, "select"),
        (149, "sysctl"),
        (187, "sendfile32"),
        (191, "getrlimit"),
        (192, "mmap2"),
        (195, "stat64"),
        (199, "getuid"),
        (239, "sendfile"),
        (240, "futex_time32"),
        (300, "newfstatat"),
        (343, "clock_adjtime"),
        (403, "clock_gettime"),
        (405, "clock_adjtime64"),
        (422, "futex"),
        (448, "process_mrelease"),
    ],
)
def test_i386_number(number: int, name: str) -> None:
    """An i386 number has the event with the same behaviour."""
    assert i386_events()[number] == load_catalogue()[name].id


def test_i386_events_once() -> None:
    """Every 32-bit event has one number."""
    reached = Counter(i386_events().values())
    assert set(reached) >= set(range(449, 535))
    assert set(reached.values()) == {1}


def test_i386_numbers_without_event() -> None:
    """Only unassigned numbers have no event."""
    newest = max(x86_events())
    missing = set(range(newest + 1)) - set(i386_events())
    assert missing == UNASSIGNED_NUMBERS
    assert max(i386_events()) == newest


def test_new_calls_ids() -> None:
    """Syscalls that Tracee v0.12 lacks have their number in an id that no Tracee has."""
    names = {row.name: row.id - FIRST_NEW_CALL for row in new_calls()}
    assert names["uprobe"] == 336
    assert names["fchmodat2"] == 452
    assert not {row.id for row in new_calls()} & set(TRACEE_BUILTIN_IDS)
    assert not names.keys() & {event.name for event in V012}
    known = {event.id for event in V012 if event.syscall and ONLY_32BIT not in event.sets}
    assert not set(names.values()) & known


def test_new_calls_of_all_machines() -> None:
    """From 424 on, syscalls have one number on all machines; uprobe is of x86-64 only."""
    for table in (arm64_events(), i386_events(), x86_events()):
        of_machine = {number: id_ for number, id_ in table.items() if id_ >= FIRST_NEW_CALL}
        assert all(id_ - FIRST_NEW_CALL == number for number, id_ in of_machine.items())
        expected = {r.id for r in new_calls() if r.id - FIRST_NEW_CALL >= FIRST_COMMON_CALL}
        only_x86 = {10_335, 10_336} if table is x86_events() else set()
        assert set(of_machine.values()) == expected | only_x86


def test_i386_table_up_to_date() -> None:
    """The table is the output of its script."""
    script = runpy.run_path(str(ROOT / "tools" / "make_i386_table.py"))
    if not script["HEADER"].exists():
        pytest.skip("asm/unistd_32.h is not installed (package linux-libc-dev)")
    rows = json.loads((ROOT / "tracee_ref" / "events" / "data" / "events.json").read_text())
    ids = {name: number for number, name, syscall, *_ in rows if syscall}
    listed = script["table"](script["HEADER"].read_text(), ids)
    assert listed == {n: id_ for n, id_ in i386_events().items() if id_ < FIRST_NEW_CALL}
