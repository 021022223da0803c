# SPDX-License-Identifier: Apache-2.0
"""sys_enter and sys_exit: one of each for every syscall, by the id of its event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tracee_ref.decode.argument_text import call_name
from vmtests.caller.build import program
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace
from vmtests.test_compat_calls import traced_program

WORKLOAD = """
import ctypes, os, signal
libc = ctypes.CDLL(None)
signal.signal(signal.SIGUSR1, lambda *_: os.getppid())
os.kill(os.getpid(), signal.SIGUSR1)
for number in (500, 9999):
    libc.syscall(number)
try: os.open("/proc/missing", os.O_RDONLY)
except OSError: pass
fd = os.open("/bin/true", os.O_RDONLY)
if os.fork() == 0:
    os.execv("/bin/true", ["true"])
os.wait()
if os.fork() == 0:
    argv = (ctypes.c_char_p * 2)(b"true", None)
    libc.syscall(322, fd, b"", argv, None, 0x1000)
os.wait()
if os.fork() == 0:
    libc.syscall(60, 0)
os.wait()
"""
NO_EVENT = (~500, ~9999)
"""Arguments of the calls whose numbers have no event."""

FLAGS = (
    "-f 1:event=sys_enter,sys_exit -f 2:set=syscalls"
    " -f 3:event=sys_enter -f 3:sys_enter.args.syscall=getppid,syscall_500"
    " -f 4:event=sys_exit -f 4:sys_exit.retval<0 -f 4:sys_exit.args.syscall!=execve"
    " -f 5:event=sys_exit -f 5:sys_exit.args.syscall>250 -f 5:sys_exit.args.syscall<=322"
    " -f 6:event=sys_enter,sys_exit -f 6:comm=true -f 6:sys_enter.args.syscall=exit_group"
    " -f 7:event=sys_enter -f 7:sys_enter.args.syscall<0 -f 7:sys_enter.args.syscall=syscall_9*"
    " -f 8:event=sys_exit -f 8:comm=nobody -f 9:event=sys_exit -f 9:sys_exit.args.syscall=read"
    " -f 9:sys_exit.args.syscall=write -f 9:follow -f 9:comm=true -o json"
)
NO_RETURN = ("exit", "exit_group")


def expected_mask(event: dict[str, Any]) -> int:
    """Return the mask that FLAGS give to a sys_enter or sys_exit."""
    value, result, comm = arguments(event)["syscall"], event["returnValue"], event["processName"]
    name, enter = call_name()(value), event["eventName"] == "sys_enter"
    matched = {
        1: True,
        3: enter and name in ("getppid", "syscall_500"),
        4: not enter and result < 0 and name != "execve",
        5: not enter and 250 < value <= 322,
        6: comm == "true" and (not enter or name == "exit_group"),
        7: enter and name.startswith("syscall_9"),
        9: not enter and comm == "true" and name in ("read", "write"),
    }
    return sum(1 << number - 1 for number, holds in matched.items() if holds)


def every(traced: Traced) -> Iterator[dict[str, Any]]:
    return (e for e in traced.events if e["eventName"] in ("sys_enter", "sys_exit"))


def by_thread(events: Sequence[dict[str, Any]]) -> dict[int, list[tuple[str, int]]]:
    """Return the syscalls of each thread with their results, in order."""
    calls: dict[int, list[tuple[str, int]]] = {}
    for event in events:
        calls.setdefault(event["hostThreadId"], []).append((event["syscall"], event["returnValue"]))
    return calls


@pytest.mark.oldest_and_newest
def test_every_syscall_events(kernel: Kernel) -> None:
    """Each syscall event has a sys_exit with its result, and each has a sys_enter before."""
    traced = trace(kernel, FLAGS, python(WORKLOAD), cached=True)
    assert traced.status == 0, traced.stderr
    assert traced.account.balances()
    own = [e for e in every(traced) if arguments(e)["syscall"] not in NO_EVENT]
    assert {call_name()(arguments(e)["syscall"]) == e["syscall"] for e in own} == {True}
    exits = by_thread([e for e in own if e["eventName"] == "sys_exit"])
    enters = by_thread([e for e in own if e["eventName"] == "sys_enter"])
    named = [e for e in traced.events if e["matchedScopes"] & 2]
    calls = by_thread([e for e in named if e["eventName"] not in NO_RETURN])
    assert len(calls) == 4
    restored = "rt_sigreturn"  # its result is the register from before the signal
    for thread, results in exits.items():
        assert [c for c in results if c[0] != restored] == [
            c for c in calls[thread] if c[0] != restored
        ]
        names = [name for name, _ in results]
        first, *_ = entered = [name for name, _ in enters[thread] if name not in NO_RETURN]
        # The first exit of a child is that of its parent's fork.
        assert (entered if first == "execve" else [names[0], *entered]) == names
    assert {"execve", "execveat", restored} <= {
        name for calls in enters.values() for name, _ in calls
    }


@pytest.mark.oldest_and_newest
def test_every_syscall_masks(kernel: Kernel) -> None:
    """Filters on the syscall and the result hold in each scope, in the kernel already."""
    traced = trace(kernel, FLAGS, python(WORKLOAD), cached=True)
    wrong = [e for e in every(traced) if e["matchedScopes"] != expected_mask(e)]
    assert wrong == []
    assert {bit for e in every(traced) for bit in range(9) if e["matchedScopes"] >> bit & 1} == {
        0, 2, 3, 4, 5, 6, 8,
    }  # fmt: skip
    assert traced.account.withheld == 0


@pytest.mark.oldest_and_newest
def test_every_syscall_unknown(kernel: Kernel) -> None:
    """A number without an event is reported as such, also with parse-arguments."""
    traced = trace(kernel, FLAGS, python(WORKLOAD), cached=True)
    found = [(e["eventName"], arguments(e)["syscall"], e["syscall"], e["returnValue"])
             for e in every(traced) if arguments(e)["syscall"] in NO_EVENT]  # fmt: skip
    assert found == [
        (name, value, "", result)
        for value in NO_EVENT
        for name, result in (("sys_enter", 0), ("sys_exit", -38))
    ]


@pytest.mark.host_only
def test_every_syscall_names(kernel: Kernel) -> None:
    """parse-arguments prints names, and one event alone is traced with what it needs."""
    flags = "-f event=sys_exit -f sys_exit.args.syscall=execveat,syscall_9999,getppid"
    flags += " -f sys_exit.retval<1 -o json"
    traced = trace(kernel, f"{flags} -o option:parse-arguments", python(WORKLOAD))
    found = [(arguments(e)["syscall"], e["args"][0]["type"]) for e in traced.events]
    assert found == [("syscall_9999", "string"), ("execveat", "string")]
    assert (traced.account.filtered, traced.account.withheld) == (1, 0)


@pytest.mark.oldest_and_newest
def test_every_syscall_32_bit(kernel: Kernel) -> None:
    """A 32-bit syscall is the event that it is, also behind socketcall; --no-compat has none."""
    flags = "-f 1:event=sys_enter,sys_exit -f 2:event=sys_exit -f 2:sys_exit.args.syscall=accept"
    traced = traced_program(kernel, f"{flags} -o json", "sockets")
    calls = [e for e in traced.events if e["contextFlags"]["isCompat"]]
    names = [call_name()(arguments(e)["syscall"]) for e in calls]
    exits = [name for name, e in zip(names, calls, strict=True) if e["eventName"] == "sys_exit"]
    assert [name for name in exits if name != "close"] == [
        *("socket", "bind", "listen", "getsockname", "socket", "connect", "accept"),
        *("socket", "connect", "getsockname", "connect", "socketcall", "syscall_897"),
    ]
    assert names[::2] == [*exits, "exit"]
    assert [e["syscall"] or "syscall_897" for e in calls] == names
    assert [e["syscall"] for e in traced.events if e["matchedScopes"] & 2] == ["accept"]
    native = trace(kernel, f"{flags} -o json --no-compat", [str(program("sockets"))])
    assert not any(e["contextFlags"]["isCompat"] for e in native.events)


@pytest.mark.host_only
def test_every_syscall_alone_32_bit(kernel: Kernel) -> None:
    """Filters on a syscall behind socketcall hold although no scope accepts socketcall itself."""
    flags = "-f event=sys_enter,sys_exit -f sys_enter.args.syscall=accept,connect"
    flags += " -f sys_exit.args.syscall=listen -o json"
    traced = traced_program(kernel, flags, "sockets")
    assert [(e["eventName"], e["syscall"]) for e in traced.events] == [
        ("sys_exit", "listen"),
        *[("sys_enter", name) for name in ("connect", "accept", "connect", "connect")],
    ]
