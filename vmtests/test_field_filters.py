# SPDX-License-Identifier: Apache-2.0
"""Filters on event fields on this kernel: arguments, return values, context."""

from __future__ import annotations

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import MISSING, TRACEE_REF, Traced, arguments, python, run, trace

pytestmark = pytest.mark.host_only  # decided in user space, the same on every kernel

OPENS = f"""
import ctypes, os
libc = ctypes.CDLL(None)
for path in ("/etc/hostname", "/etc/passwd", "/proc/version", "{MISSING}"):
    libc.syscall(257, -100, path.encode(), 0, 0)
libc.syscall(257, -100, b"/etc/hostname", 0o2000000, 0)
libc.syscall(257, -100, None, 0, 0)
libc.syscall(257, -100, ctypes.c_void_p(1), 0, 0)
libc.syscall(3, -1)
"""
"""Calls of openat and close, after those of the start of the interpreter."""

PATHS = ("/etc/hostname", "/etc/passwd", "/proc/version", MISSING, None)


def opened(kernel: Kernel, *flags: str, more: str = "") -> list[tuple[object, int]]:
    """Return path and mask of the traced calls of OPENS; the counts must balance."""
    options = " ".join(f"-f {flag}" for flag in ("event=openat", *flags))
    traced = trace(kernel, f"{options} {more} -o json", python(OPENS))
    assert traced.status == 0, traced.stderr
    assert traced.account.balances()
    assert len(traced.events) == traced.account.delivered
    calls = [(arguments(e)["pathname"], e["matchedScopes"]) for e in traced.events]
    return [(path, mask) for path, mask in calls if path in PATHS]


ETC = [("/etc/hostname", 1), ("/etc/passwd", 1), ("/etc/hostname", 1)]


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("openat.args.pathname=/etc/hostname", [ETC[0], ETC[0]]),
        ("openat.args.pathname=/etc/h*,/etc/p*", ETC),
        ("openat.args.pathname=*hostname", [ETC[0], ETC[0]]),
        ("openat.args.pathname=*pass*", [ETC[1]]),
        ("openat.args.flags=O_RDONLY|O_CLOEXEC", None),
        ("openat.args.flags=524288", None),
        ("openat.retval=-2", [(MISSING, 1)]),
        ("openat.retval=-14", [(None, 1), (None, 1)]),
        ("openat.context.processName=cat", []),
        ("openat.context.hostParentProcessId=1", []),
    ],
)
def test_field_filter_single(
    kernel: Kernel, flag: str, expected: list[tuple[object, int]] | None
) -> None:
    """One filter on an argument, the return value or the context."""
    found = opened(kernel, flag)
    if expected is None:
        assert found[-1] == ETC[0]  # the interpreter opens files with the same flags
        assert ETC[1] not in found
    else:
        assert found == expected


def test_field_filter_exclusions(kernel: Kernel) -> None:
    """A ``!=`` filter does not match a call whose path could not be read."""
    flags = "openat.args.pathname!=/etc/*", f"openat.args.pathname!={MISSING}"
    assert opened(kernel, *flags) == [("/proc/version", 1)]


def test_field_filter_per_scope(kernel: Kernel) -> None:
    """Each scope decides by its own filters."""
    flags = (
        "1:openat.args.pathname=/etc/*",
        "2:event=openat",
        "2:openat.args.pathname=*hostname,/proc/v*",
        "3:event=openat",
        "3:openat.retval<0",
        "4:event=openat",
        "4:comm=nobody",
    )
    assert opened(kernel, *flags) == [
        ("/etc/hostname", 0b011),
        ("/etc/passwd", 0b001),
        ("/proc/version", 0b010),
        (MISSING, 0b100),
        ("/etc/hostname", 0b011),
        (None, 0b100),
        (None, 0b100),
    ]


def test_field_filter_other_event(kernel: Kernel) -> None:
    """A filter on one event does not filter another event of the scope."""
    traced = trace(kernel, "-f event=openat,close -f close.retval=-9 -o json", python(OPENS))
    found = [(e["eventName"], e["returnValue"]) for e in traced.events]
    assert [call for call in found if call[0] == "close"] == [("close", -9)]
    assert len([call for call in found if call[0] == "openat"]) > 7
    assert traced.account.balances()


def test_field_filter_exec_arguments(kernel: Kernel) -> None:
    """Filters on the arguments of execve and sched_process_exec."""
    command = ["sh", "-c", f"/bin/true a b; /bin/true c; {MISSING} d; {MISSING}"]
    flags = "-f event=execve,sched_process_exec -f sched_process_exec.args.argv=[/bin/true*"
    traced = trace(kernel, f"{flags} -f execve.args.pathname=/bin/*,/proc/m* -o json", command)
    found = [(e["eventName"], arguments(e)["argv"], e["returnValue"]) for e in traced.events]
    assert found == [
        ("execve", ["/bin/true", "a", "b"], 0),
        ("sched_process_exec", ["/bin/true", "a", "b"], 0),
        ("execve", ["/bin/true", "c"], 0),
        ("sched_process_exec", ["/bin/true", "c"], 0),
        ("execve", [MISSING, "d"], -2),
        ("execve", [MISSING], -2),
    ]
    assert traced.account.balances()


def test_field_filter_raw_value_in_table(kernel: Kernel) -> None:
    """The table prints names of flags although the filter has the number."""
    flags = "-f event=openat -f openat.args.flags=524288 -f openat.args.pathname=/etc/hostname"
    traced = trace(kernel, flags, python(OPENS))
    rows = [line for line in traced.lines if "/etc/hostname" in line]
    assert len(rows) == 1
    assert "flags: O_RDONLY|O_CLOEXEC" in rows[0]


WORDS = """
import ctypes
libc = ctypes.CDLL(None)
for flags in (0, 0o10000, 3, 0o100000, 0x40000000, 1):
    libc.syscall(257, -1, b"words", flags, 0)
for request in (31, 0x420f, 0x7777):
    libc.syscall(101, ctypes.c_long(request), -5, 0, 0)
libc.syscall(157, 99999, 0, 0, 0, 0)
libc.syscall(41, 77, 9, 0)
"""


def test_field_filter_words(kernel: Kernel) -> None:
    """Flags 0 and values without a name have a form, in filters too; numbers match as before."""
    flags = (
        "-f 1:event=openat,ptrace,prctl,socket -f 1:openat.args.pathname=words"
        " -f 1:prctl.args.arg2=0 -f 1:prctl.args.option=99999 -f 1:socket.args.domain=0x4d"
        " -f 2:event=openat -f 2:openat.args.pathname=words -f 2:openat.args.flags=O_RDONLY"
        " -f 3:event=openat -f 3:openat.args.pathname=words -f 3:openat.args.flags!=O_RDONLY"
        " -f 4:event=openat -f 4:openat.args.pathname=words -f 4:openat.args.flags=0"
        " -f 5:event=ptrace -f 5:ptrace.args.request=PTRACE_SYSEMU,0x7777"
    )
    traced = trace(kernel, f"{flags} -o json -o option:parse-arguments", python(WORDS))
    found = [(e["matchedScopes"], e["args"][0]["value"], e["args"][2]["value"])
             for e in traced.events]  # fmt: skip
    assert found == [
        (0b1011, -1, "O_RDONLY"),
        (0b101, -1, "O_RDONLY|O_DSYNC"),
        (0b101, -1, "O_ACCMODE"),
        (0b101, -1, "O_RDONLY|O_LARGEFILE"),
        (0b101, -1, "O_RDONLY|0x40000000"),
        (0b101, -1, "O_WRONLY"),
        (0b10001, "PTRACE_SYSEMU", "0x0"),
        (0b1, "PTRACE_GET_RSEQ_CONFIGURATION", "0x0"),
        (0b10001, "0x7777", "0x0"),
        (0b1, "0x1869f", 0),
        (0b1, "0x4d", 0),
    ]
    assert traced.account.balances()


def test_field_filter_event_not_selected(kernel: Kernel) -> None:
    """A filter on an event that the scope does not select is an error (rule 6)."""
    argv = [TRACEE_REF, "-f", "event=close", "-f", "openat.retval<0", "--", "true"]
    result: Traced = run(kernel, argv)
    assert result.status == 2
    assert "scope 1 does not select openat - add 1:event=openat" in result.stderr
    assert result.stderr.count("\n") == 1
