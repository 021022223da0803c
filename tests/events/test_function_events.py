# SPDX-License-Identifier: Apache-2.0
"""Tests of the events of kernel functions: catalogue, programs and records agree."""

from __future__ import annotations

import re
import struct
from importlib.resources import files
from pathlib import Path

import pytest

from tracee_ref.abi import HOOK_SLOTS
from tracee_ref.decode.records import HEADER, RecordDecoder, View
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.events.declarations import HookType
from tracee_ref.events.event import TraceEvent
from tracee_ref.events.function_events import FUNCTIONS, names_at
from tracee_ref.kernel.hooks import PROGRAMS
from tracee_ref.output.go_values import arguments_text
from tracee_ref.output.json_lines import JsonPrinter

SOURCES = "\n".join(file.read_text() for file in Path(str(files("tracee_ref.bpf"))).rglob("*.h"))
NULL = 1 << 32


def record(event: str, *slots: int, data: bytes = b"", call: int = -1) -> bytes:
    number = load_catalogue()[event].id
    header = HEADER.pack(5, 0, number, call, 1, 4, 0, *[0] * 9, 0, 0, b"cat", b"host", b"")
    return header + struct.pack(f"{HOOK_SLOTS}Q", *slots, *[9] * (HOOK_SLOTS - len(slots))) + data


def decode(record: bytes, *, symbolic: bool = True) -> TraceEvent:
    return RecordDecoder(View(clock_offset=0, symbolic=symbolic))(record)


def test_function_events_complete() -> None:
    """All security hooks of the catalogue are available."""
    hooks = {name for name in load_catalogue() if name.startswith("security_")}
    others = {"magic_write", "mem_prot_alert", "do_exit", "cap_capable"}
    assert FUNCTIONS.keys() >= hooks | others
    assert all(load_catalogue()[name].available for name in FUNCTIONS)


@pytest.mark.parametrize("event", names_at(HookType.PROGRAM))
def test_program_event_programs(event: str) -> None:
    """An event that is a program has one for each function, and says why it is one."""
    for function in FUNCTIONS[event]:
        written = rf"^int {PROGRAMS[function]}\(struct pt_regs \*ctx\)$"
        assert len(re.findall(written, SOURCES, re.M)) == 1
    assert f"#ifdef EVENT_{event.upper()}\n" in SOURCES
    assert (event == "magic_write") != (f"int put_{event}(struct pt_regs *ctx)\n" in SOURCES)
    declaration = load_catalogue()[event].declaration
    assert declaration is not None
    assert declaration.why


def test_decode_security_file_open() -> None:
    """An open has flags by name, and the path of the system call or None."""
    opened = record("security_file_open", 2, 0o101, 27, 5, 10, 1, data=b"/ab", call=257)
    event = decode(opened)
    assert [a.value for a in event.args] == ["/a", "O_WRONLY|O_CREAT", 27, 5, 10, "b"]
    assert (event.event_id, event.syscall) == ("730", "openat")
    unknown = decode(record("security_file_open", 2, 0, 27, 5, 10, NULL, data=b"/a"))
    assert (unknown.args[5].value, unknown.args_num) == (None, 5)


def test_decode_magic_write() -> None:
    """Bytes are numbers in the tables, and base64 in JSON."""
    event = decode(record("magic_write", 2, 4, 27, 5, data=b"/a\x7fELF"), symbolic=False)
    assert event.args[1].value == b"\x7fELF"
    assert arguments_text(event.args[:2]) == "pathname: /a, bytes: [127 69 76 70]"
    assert b'"value":"f0VMRg=="' in JsonPrinter().line(event)


def test_decode_security_kernel_read_file() -> None:
    """The type is printed by name, an unknown one as a number."""
    slots = (2, 27, 5, 2, 10)
    event = decode(record("security_kernel_read_file", *slots, data=b"/a"))
    assert event.args[3].value == "kernel-module"
    other = decode(record("security_kernel_read_file", 2, 27, 5, 99, 10, data=b"/a"))
    assert other.args[3].value == "0x63"


def test_decode_security_socket_bind() -> None:
    """A socket that no system call passed has the descriptor -1."""
    event = decode(record("security_socket_bind", 2**64 - 1, 2, data=b"\x10\x00"))
    assert [a.value for a in event.args] == [-1, {"sa_family": "AF_NETLINK"}]
