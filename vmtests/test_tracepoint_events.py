# SPDX-License-Identifier: Apache-2.0
"""Events at tracepoints that the user names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace

RENAME = "tracepoint:task:task_rename"
EXEC = "tracepoint:sched:sched_process_exec"
FORK = "tracepoint:sched:sched_process_fork"
SIGNAL = "tracepoint:signal:signal_generate"
ENTER = "tracepoint:raw_syscalls:sys_enter"
EXIT = "tracepoint:raw_syscalls:sys_exit"
STATE = "tracepoint:sock:inet_sock_set_state"

SOURCE = """
import ctypes, os, signal, socket, sys
libc = ctypes.CDLL(None)
libc.prctl(15, b"renamed", 0, 0, 0)
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGCONT)
    libc.syscall(8, -77, ctypes.c_long(-1 << 40), 2)
    os._exit(0)
os.waitpid(child, 0)
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
print(child, os.getpid(), server.getsockname()[1], flush=True)
os.execv("/bin/true", ["true"])
"""
"""Renames itself, forks, signals, seeks a descriptor that is not open, connects, and executes."""

FLAGS = (
    f"-f event={RENAME},{EXEC},{FORK},{SIGNAL},{STATE}"
    f" -f 2:event={ENTER},{EXIT} -f 2:{ENTER}.args.id=8 -f 2:{EXIT}.args.id=8 -f 2:{EXIT}.retval=-9"
    f" -f 3:event={RENAME} -f 3:{RENAME}.args.newcomm=ren*"
    f" -f 4:event={RENAME} -f 4:{RENAME}.args.newcomm=*ame* -f 4:{RENAME}.args.oom_score_adj<5000"
    f" -f 5:event={RENAME} -f 5:{RENAME}.args.newcomm!=renamed"
)


@pytest.fixture
def traced(kernel: Kernel) -> Traced:
    return trace(kernel, f"{FLAGS} -o json", python(SOURCE), cached=True)


def of(traced: Traced, name: str) -> list[dict[str, Any]]:
    return [event for event in traced.events if event["eventName"] == name]


def facts(traced: Traced) -> tuple[int, int, int]:
    """Return the pids of the child and of the command, and a port."""
    line = next(line for line in traced.lines if line and line[0].isdigit())
    child, pid, port = map(int, line.split())
    return child, pid, port


@pytest.mark.oldest_and_newest
def test_tracepoint_arguments(traced: Traced) -> None:
    """Fixed strings, located strings and numbers, with the names and types of the format."""
    child, pid, _ = facts(traced)
    renamed = of(traced, RENAME)[-2]
    assert arguments(renamed)["newcomm"] == "renamed"
    assert [(a["name"], a["type"]) for a in renamed["args"]][-3:] == [
        ("oldcomm", "char[16]"),
        ("newcomm", "char[16]"),
        ("oom_score_adj", "short"),
    ]
    (forked,) = of(traced, FORK)
    assert arguments(forked)["parent_comm"] == "renamed"
    assert (arguments(forked)["parent_pid"], arguments(forked)["child_pid"]) == (pid, child)
    executed = of(traced, EXEC)[-1]
    assert arguments(executed) == {"filename": "/bin/true", "pid": pid, "old_pid": pid}
    assert executed["hostProcessId"] == pid


@pytest.mark.oldest_and_newest
def test_tracepoint_kinds(traced: Traced) -> None:
    """Arrays of numbers, signed numbers, addresses, and the result of a system call."""
    child, _, port = facts(traced)
    (signalled,) = [event for event in of(traced, SIGNAL) if arguments(event)["sig"] == 18]
    assert signalled["hostProcessId"] == arguments(signalled)["pid"] == child
    assert signalled["syscall"] == "kill"
    (left,) = of(traced, EXIT)
    entered = [arguments(event) for event in of(traced, ENTER)]
    assert {call["id"] for call in entered} == {8}
    assert [2**64 - 77, 2**64 - 2**40, 2] in [call["args"][:3] for call in entered]
    assert (left["returnValue"], arguments(left)["ret"]) == (-9, -9)
    states = [arguments(event) for event in of(traced, STATE)]
    closed = [state for state in states if port in (state["sport"], state["dport"])]
    assert {state["saddr"] for state in closed} == {"127.0.0.1"}
    assert "::ffff:127.0.0.1" in {state["saddr_v6"] for state in closed}


@pytest.mark.oldest_and_newest
def test_tracepoint_filters(traced: Traced) -> None:
    """Filters decide as for every event: strings in the kernel and here, and numbers."""
    masks = [event["matchedScopes"] for event in of(traced, RENAME)]
    names = [arguments(event)["newcomm"] for event in of(traced, RENAME)]
    assert (names[-2], masks[-2]) == ("renamed", 0b01101)
    assert (names[-1], masks[-1]) == ("true", 0b10001)
    assert set(masks[:-2]) == {0b10001}
    assert traced.account.balances()


@pytest.mark.host_only
def test_tracepoint_table(kernel: Kernel) -> None:
    """A table has the arguments; one that is NULL or empty too."""
    traced = trace(kernel, f"-f event={RENAME}", ["/bin/true"])
    assert traced.lines[-1].endswith("newcomm: true, oom_score_adj: 0")


ERRORS = {
    "event=tracepoint:sched:sched_wakup": (2, "did you mean tracepoint:sched:sched_wakeup?"),
    "event=tracepoint:scheduler:*": (2, "this kernel has no such tracepoint"),
    "event=tracepoint:sched": (2, "expected tracepoint:GROUP:NAME"),
    "event=tracepoint:ftrace:function": (2, "this kernel has no such tracepoint"),
    "event=tracepoint:*": (2, "more than 128 hooks - give names, or a longer prefix"),
    f"{RENAME}.args.pid=1": (2, f"scope 1 does not select {RENAME} - add 1:event={RENAME}"),
    "event!=tracepoint:sched:nothing": (2, "this kernel has no such tracepoint"),
    "event!=tracepoint:sched:nothing*": (2, "invalid event to exclude"),
}


@pytest.mark.host_only
@pytest.mark.parametrize(("flag", "expected"), ERRORS.items())
def test_tracepoint_errors(kernel: Kernel, flag: str, expected: tuple[int, str]) -> None:
    """What the kernel does not have is an error in one line, with the nearest name."""
    traced = trace(kernel, f"-f {flag}", ["/bin/true"])
    assert traced.status == expected[0]
    assert expected[1] in traced.stderr
    assert traced.stderr.count("\n") == 1


@pytest.mark.host_only
def test_tracepoint_explained(kernel: Kernel) -> None:
    """The plan shows the event, its hook and its tables."""
    flags = f"-f 2:event={RENAME} -f 2:{RENAME}.args.newcomm=a* --explain=json"
    plan = json.loads(trace(kernel, flags, ["/bin/true"]).stdout)
    assert [event["name"] for event in plan["events"]] == [RENAME]
    assert ("tracepoint", "task:task_rename", f"event {RENAME}") in {
        (hook["kind"], hook["point"], hook["reason"]) for hook in plan["hooks"]
    }
    assert plan["scopes"] == [f"2:event={RENAME}", f"2:{RENAME}.args.newcomm=a*"]
    assert f"{RENAME}.args.newcomm" in plan["tables"]
