# SPDX-License-Identifier: Apache-2.0
"""Example runs of Tracee's documentation, with a command for the second terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace

VERBOSE = "-o format:table-verbose"
CONTAINER = {"runtime": "runc", "id": "ab12" * 16, "cgroup": "/docker/" + "ab12" * 16}


def rows(traced: Traced, event: str) -> list[tuple[str, str]]:
    """Return masks and comms of the rows of an event."""
    cells = [line.split() for line in traced.lines]
    return [(cell[1], cell[6]) for cell in cells if event in cell[3:]]


def test_documented_single_scope(kernel: Kernel) -> None:
    """One scope with a filter on the binary."""
    flags = "-f 42:event=sched_process_exec -f 42:binary=/usr/bin/ls"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "ls; id"])
    assert traced.status == 0
    assert rows(traced, "sched_process_exec") == [("0000020000000000", "ls")]
    (row,) = [line for line in traced.lines if "sched_process_exec" in line]
    assert "cmdpath: /usr/bin/ls, pathname: /usr/bin/ls, dev: " in row
    assert "argv: [ls], interp: /usr/bin/ls, stdin_type: " in row
    assert row.endswith("invoked_from_kernel: 0, prev_comm: sh, env: <nil>")
    assert traced.account.balances()


def test_documented_detached_exits(kernel: Kernel) -> None:
    """Two scopes with the same event and different comms."""
    flags = "-f 3:event=sched_process_exit -f 3:comm=id -f 9:event=sched_process_exit -f 9:comm=ls"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "id; ls"])
    found = rows(traced, "sched_process_exit")
    assert found == [("0000000000000004", "id"), ("0000000000000100", "ls")]
    assert traced.stdout.count("exit_code: 0, process_group_exit: true") == 2


def test_documented_detached_calls(kernel: Kernel) -> None:
    """Two scopes with different events."""
    flags = "-f 6:event=openat -f 6:comm=id -f 7:event=close -f 7:comm=id"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "id; ls"])
    assert set(rows(traced, "openat")) == {("0000000000000020", "id")}
    assert set(rows(traced, "close")) == {("0000000000000040", "id")}
    assert "flags: O_RDONLY|O_CLOEXEC, mode: 0" in traced.stdout


def test_documented_intertwined_exits(kernel: Kernel) -> None:
    """A scope with and one without a filter share an event."""
    flags = "-f 3:event=sched_process_exit -f 3:comm=id -f 9:event=sched_process_exit"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "sleep 0; id; true"])
    assert rows(traced, "sched_process_exit") == [
        ("0000000000000100", "sleep"),
        ("0000000000000104", "id"),
        ("0000000000000100", "sh"),
    ]


def test_documented_scope_64_in_json(kernel: Kernel) -> None:
    """The mask of scope 64 is an exact integer in JSON."""
    flags = "-f 1:event=openat -f 64:event=openat -f 64:comm=cat -o json"
    traced = trace(kernel, flags, ["sh", "-c", "cat /etc/hostname; id"])
    masks = {(e["processName"], e["matchedScopes"]) for e in traced.events}
    everything = {("cat", 9223372036854775809), ("id", 1), ("sh", 1)}
    assert masks == everything, traced.stderr + traced.stdout
    assert '"matchedScopes":9223372036854775809' in traced.stdout


DEBUGGED = """
import ctypes
libc = ctypes.CDLL(None)
libc.ptrace(0, 0, 0, 0)
libc.ptrace(0x4206, 1 << 30, 0, 0)
"""
"""The first calls of strace: PTRACE_TRACEME, and PTRACE_SEIZE, which fails here."""


def ptrace_rows(traced: Traced) -> list[tuple[str, str, str]]:
    """Return mask, event and request of the rows with ptrace arguments, in order."""
    cells = [line.split() for line in traced.lines if " request: " in line]
    return [(cell[1], cell[11], cell[13].rstrip(",")) for cell in cells]


PINGED = ["sh", "-c", 'ping -n -c 1 127.0.0.1; exec "$@"', "sh", *python(DEBUGGED)]
ECHO = re.compile(
    r"\d\d:\d\d:\d\d:\d{6}  (?P<mask>[0-9a-f]{16})  \S+ +(?P<container>[0-9a-f]{12} )?"
    r" *\d+ +\d+ +\d+ +"
    r"ping +(?P<ids>[0-9 /]+) 0 +net_packet_icmp +src: 127.0.0.1, dst: 127.0.0.1, "
    r"proto_icmp: \{(?P<echo>EchoRequest|EchoReply) (?P<checksum>\d+) (?P<id>\d+) (?P<seq>\d+)\}"
)


def echoes(lines: Sequence[str]) -> list[re.Match[str]]:
    """Return the rows of packets, all of which must have the format of the documentation."""
    rows = [line for line in lines if "net_packet" in line]
    found = [match for row in rows if (match := ECHO.fullmatch(row))]
    assert len(found) == len(rows), rows
    return found


def check_ping(lines: Sequence[str], mask: str) -> None:
    """Check an echo request and its reply; their checksums differ by the type, 8."""
    request, reply = echoes(lines)
    assert [row["mask"] for row in (request, reply)] == [mask, mask]
    assert [row["echo"] for row in (request, reply)] == ["EchoRequest", "EchoReply"]
    assert (request["id"], request["seq"]) == (reply["id"], reply["seq"])
    assert (int(reply["checksum"]) - int(request["checksum"])) % 0xFFFF == 8 << 8


def test_documented_detached_packets(kernel: Kernel) -> None:
    """Third run with detached scopes: the finding has the arguments of the syscall."""
    flags = "-f 3:event=anti_debugging -f 5:event=net_packet_icmp -f 5:comm=ping -f 9:event=ptrace"
    traced = trace(kernel, f"{flags} {VERBOSE}", PINGED)
    check_ping(traced.lines, "0000000000000010")
    assert ptrace_rows(traced) == [
        ("0000000000000100", "ptrace", "PTRACE_TRACEME"),
        ("0000000000000004", "anti_debugging", "PTRACE_TRACEME"),
        ("0000000000000100", "ptrace", "PTRACE_SEIZE"),
    ]
    printed = "request: PTRACE_TRACEME, pid: 0, addr: 0x0, data: 0x0"
    assert sum(line.endswith(printed) for line in traced.lines) == 2
    assert traced.account.balances()


def test_documented_intertwined_packets(kernel: Kernel) -> None:
    """Third run with intertwined scopes."""
    flags = "-f 3:event=anti_debugging,ptrace -f 5:event=net_packet_icmp -f 5:comm=ping"
    traced = trace(kernel, f"{flags} -f 9:event=ptrace {VERBOSE}", PINGED)
    check_ping(traced.lines, "0000000000000010")
    assert ptrace_rows(traced) == [
        ("0000000000000104", "ptrace", "PTRACE_TRACEME"),
        ("0000000000000004", "anti_debugging", "PTRACE_TRACEME"),
        ("0000000000000104", "ptrace", "PTRACE_SEIZE"),
    ]
    assert traced.account.balances()


@pytest.mark.guest_only
def test_documented_intertwined_containers(kernel: Kernel) -> None:
    """Second run with intertwined scopes, and a scope for a socket older than the tracer."""
    flags = ["3:event=net_packet_icmp", "3:container", "5:event=net_packet_icmp"]
    more = ["7:event=net_packet_udp", "7:comm=waiter", "8:event=net_packet_udp", "8:tree=1"]
    options = [word for flag in [*flags, *more] for word in ("-f", flag)]
    reply = kernel.ask(
        "packets.beside",
        {"options": [*options, "-o", "format:table-verbose"], "container": CONTAINER},
        seconds=600,
    )
    traced = Traced.from_reply(reply)
    header = traced.lines[0].split()
    assert header[6:10] == ["UID", "COMM", "PID/host", "TID/host"]
    rows = [line for line in traced.lines if "net_packet_icmp" in line]
    outside, inside = rows[:2], rows[2:]
    check_ping(outside, "0000000000000010")
    # Unlike ping of the host, busybox ping also receives its own request on the loopback device.
    first, again, _ = echoes(inside)
    assert first.groups() == again.groups()
    check_ping([inside[0], inside[2]], "0000000000000014")
    for row in echoes(inside):
        assert row["container"] == f"{CONTAINER['id'][:12]} "
        inner, host, *_ = row["ids"].replace("/", " ").split()
        assert (inner, host != inner) == ("1", True)
    for row in echoes(outside):
        inner, host, *_ = row["ids"].replace("/", " ").split()
        assert (row["container"], inner) == (None, host)
    events = [json.loads(line) for line in reply["json"].splitlines()]
    assert {e["matchedScopes"] for e in events if e["containerId"]} == {20}
    (old,) = [e for e in events if e["eventName"] == "net_packet_udp" and e["matchedScopes"] & 64]
    assert (old["processName"], old["hostProcessId"]) == ("waiter", reply["waiter"])
    assert (old["matchedScopes"], arguments(old)["dst_port"]) == (64 | 128, reply["port"])
    assert traced.account.balances()


def test_signature_needs_unselected_base(kernel: Kernel) -> None:
    """A signature selects its base as a dependency; process filters apply to it (rules 15, 16)."""
    flags = "-f 3:event=anti_debugging -f 4:event=anti_debugging -f 4:comm=nobody -o json"
    traced = trace(kernel, flags, python(DEBUGGED))
    assert [(e["eventName"], e["matchedScopes"]) for e in traced.events] == [("anti_debugging", 4)]
    assert traced.events[0]["metadata"]["Properties"]["id"] == "TRC-102"
    assert (traced.account.dependencies, traced.account.delivered) == (2, 0)
    assert traced.account.balances()
