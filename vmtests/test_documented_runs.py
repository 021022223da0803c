"""The runs of the document that need no network, with a command for the second terminal."""

from __future__ import annotations

from vmtests.kernel import Kernel
from vmtests.tracing import Traced, python, trace

VERBOSE = "-o format:table-verbose"


def rows(traced: Traced, event: str) -> list[tuple[str, str]]:
    """The masks and names of an event's rows."""
    cells = [line.split() for line in traced.lines]
    return [(cell[1], cell[6]) for cell in cells if event in cell[3:]]


def test_single_scope(kernel: Kernel) -> None:
    flags = "-f 42:event=sched_process_exec -f 42:binary=/usr/bin/ls"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "ls; id"])
    assert traced.status == 0
    assert rows(traced, "sched_process_exec") == [("0000020000000000", "ls")]
    (row,) = [line for line in traced.lines if "sched_process_exec" in line]
    assert "cmdpath: /usr/bin/ls, pathname: /usr/bin/ls, dev: " in row
    assert "argv: [ls], interp: /usr/bin/ls, stdin_type: " in row
    assert row.endswith("invoked_from_kernel: 0, env: <nil>")
    assert traced.account.balances()


def test_detached_exits(kernel: Kernel) -> None:
    flags = "-f 3:event=sched_process_exit -f 3:comm=id -f 9:event=sched_process_exit -f 9:comm=ls"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "id; ls"])
    found = rows(traced, "sched_process_exit")
    assert found == [("0000000000000004", "id"), ("0000000000000100", "ls")]
    assert traced.stdout.count("exit_code: 0, process_group_exit: true") == 2


def test_detached_calls(kernel: Kernel) -> None:
    flags = "-f 6:event=openat -f 6:comm=id -f 7:event=close -f 7:comm=id"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "id; ls"])
    assert set(rows(traced, "openat")) == {("0000000000000020", "id")}
    assert set(rows(traced, "close")) == {("0000000000000040", "id")}
    assert "flags: O_RDONLY|O_CLOEXEC, mode: 0" in traced.stdout


def test_intertwined_exits(kernel: Kernel) -> None:
    flags = "-f 3:event=sched_process_exit -f 3:comm=id -f 9:event=sched_process_exit"
    traced = trace(kernel, f"{flags} {VERBOSE}", ["sh", "-c", "sleep 0; id; true"])
    assert rows(traced, "sched_process_exit") == [
        ("0000000000000100", "sleep"),
        ("0000000000000104", "id"),
        ("0000000000000100", "sh"),
    ]


def test_the_last_scope_in_json(kernel: Kernel) -> None:
    flags = "-f 1:event=openat -f 64:event=openat -f 64:comm=cat -o json"
    traced = trace(kernel, flags, ["sh", "-c", "cat /etc/hostname; id"])
    masks = {(e["processName"], e["matchedScopes"]) for e in traced.events}
    assert masks == {("cat", 9223372036854775809), ("id", 1), ("sh", 1)}
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


def test_detached_signature(kernel: Kernel) -> None:
    """The third such run, but for the packets: the finding has the arguments of the call."""
    flags = "-f 3:event=anti_debugging -f 9:event=ptrace"
    traced = trace(kernel, f"{flags} {VERBOSE}", python(DEBUGGED))
    assert ptrace_rows(traced) == [
        ("0000000000000100", "ptrace", "PTRACE_TRACEME"),
        ("0000000000000004", "anti_debugging", "PTRACE_TRACEME"),
        ("0000000000000100", "ptrace", "PTRACE_SEIZE"),
    ]
    arguments = "request: PTRACE_TRACEME, pid: 0, addr: 0x0, data: 0x0"
    assert sum(line.endswith(arguments) for line in traced.lines) == 2
    assert traced.account.balances()


def test_intertwined_signature(kernel: Kernel) -> None:
    """The third such run, but for the packets."""
    flags = "-f 3:event=anti_debugging,ptrace -f 9:event=ptrace"
    traced = trace(kernel, f"{flags} {VERBOSE}", python(DEBUGGED))
    assert ptrace_rows(traced) == [
        ("0000000000000104", "ptrace", "PTRACE_TRACEME"),
        ("0000000000000004", "anti_debugging", "PTRACE_TRACEME"),
        ("0000000000000104", "ptrace", "PTRACE_SEIZE"),
    ]
    assert traced.account.balances()


def test_a_signature_alone_takes_its_base_in(kernel: Kernel) -> None:
    """Rule 16; and a scope's filter on the process is one on that of the base (rule 15)."""
    flags = "-f 3:event=anti_debugging -f 4:event=anti_debugging -f 4:comm=nobody -o json"
    traced = trace(kernel, flags, python(DEBUGGED))
    assert [(e["eventName"], e["matchedScopes"]) for e in traced.events] == [("anti_debugging", 4)]
    assert traced.events[0]["metadata"]["Properties"]["id"] == "TRC-102"
    assert (traced.account.taken_in, traced.account.delivered) == (2, 0)
    assert traced.account.balances()
