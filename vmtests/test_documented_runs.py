# SPDX-License-Identifier: Apache-2.0
"""The runs of the document, with a command for the second terminal."""

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
    """The masks and names of an event's rows."""
    cells = [line.split() for line in traced.lines]
    return [(cell[1], cell[6]) for cell in cells if event in cell[3:]]


def test_documented_single_scope(kernel: Kernel) -> None:
    flags = "-f 42:event=sched_process_exec -f 42:binary=/usr/bin/ls"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "ls; id"])
    assert traced.status == 0
    assert rows(traced, "sched_process_exec") == [("0000020000000000", "ls")]
    (row,) = [line for line in traced.lines if "sched_process_exec" in line]
    assert "cmdpath: /usr/bin/ls, pathname: /usr/bin/ls, dev: " in row
    assert "argv: [ls], interp: /usr/bin/ls, stdin_type: " in row
    assert row.endswith("invoked_from_kernel: 0, env: <nil>")
    assert traced.account.balances()


def test_documented_detached_exits(kernel: Kernel) -> None:
    flags = "-f 3:event=sched_process_exit -f 3:comm=id -f 9:event=sched_process_exit -f 9:comm=ls"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "id; ls"])
    found = rows(traced, "sched_process_exit")
    assert found == [("0000000000000004", "id"), ("0000000000000100", "ls")]
    assert traced.stdout.count("exit_code: 0, process_group_exit: true") == 2


def test_documented_detached_calls(kernel: Kernel) -> None:
    flags = "-f 6:event=openat -f 6:comm=id -f 7:event=close -f 7:comm=id"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "id; ls"])
    assert set(rows(traced, "openat")) == {("0000000000000020", "id")}
    assert set(rows(traced, "close")) == {("0000000000000040", "id")}
    assert "flags: O_RDONLY|O_CLOEXEC, mode: 0" in traced.stdout


def test_documented_intertwined_exits(kernel: Kernel) -> None:
    flags = "-f 3:event=sched_process_exit -f 3:comm=id -f 9:event=sched_process_exit"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "sleep 0; id; true"])
    assert rows(traced, "sched_process_exit") == [
        ("0000000000000100", "sleep"),
        ("0000000000000104", "id"),
        ("0000000000000100", "sh"),
    ]


def test_documented_scope_64_in_json(kernel: Kernel) -> None:
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
"""What strace does first, without strace: PTRACE_TRACEME, and PTRACE_SEIZE of nobody."""


def ptrace_rows(traced: Traced) -> list[tuple[str, str, str]]:
    """Mask, event and request of the rows about ptrace, in their order."""
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
    """The rows about packets, each wholly as the document has them."""
    rows = [line for line in lines if "net_packet" in line]
    found = [match for row in rows if (match := ECHO.fullmatch(row))]
    assert len(found) == len(rows), rows
    return found


def check_ping(lines: Sequence[str], mask: str) -> None:
    """A request and its reply: of one id and number, the sums apart by the type's 8."""
    request, reply = echoes(lines)
    assert [one["mask"] for one in (request, reply)] == [mask, mask]
    assert [one["echo"] for one in (request, reply)] == ["EchoRequest", "EchoReply"]
    assert (request["id"], request["seq"]) == (reply["id"], reply["seq"])
    assert (int(reply["checksum"]) - int(request["checksum"])) % 0xFFFF == 8 << 8


def test_documented_detached_packets(kernel: Kernel) -> None:
    """The third such run: the finding has the arguments of the call."""
    flags = "-f 3:event=anti_debugging -f 5:event=net_packet_icmp -f 5:comm=ping -f 9:event=ptrace"
    traced = trace(kernel, f"{flags} {VERBOSE}", PINGED)
    check_ping(traced.lines, "0000000000000010")
    assert ptrace_rows(traced) == [
        ("0000000000000100", "ptrace", "PTRACE_TRACEME"),
        ("0000000000000004", "anti_debugging", "PTRACE_TRACEME"),
        ("0000000000000100", "ptrace", "PTRACE_SEIZE"),
    ]
    shown = "request: PTRACE_TRACEME, pid: 0, addr: 0x0, data: 0x0"
    assert sum(line.endswith(shown) for line in traced.lines) == 2
    assert traced.account.balances()


def test_documented_intertwined_packets(kernel: Kernel) -> None:
    """The third such run."""
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
    """The second such run, with one scope more: about a socket that is older than the tracing."""
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
    # Unlike that of the host, the ping of busybox hears its own request on the loopback, too.
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
    """Rule 16; and a scope's filter on the process is one on that of the base (rule 15)."""
    flags = "-f 3:event=anti_debugging -f 4:event=anti_debugging -f 4:comm=nobody -o json"
    traced = trace(kernel, flags, python(DEBUGGED))
    assert [(e["eventName"], e["matchedScopes"]) for e in traced.events] == [("anti_debugging", 4)]
    assert traced.events[0]["metadata"]["Properties"]["id"] == "TRC-102"
    assert (traced.account.dependency, traced.account.delivered) == (2, 0)
    assert traced.account.balances()
