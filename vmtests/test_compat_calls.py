# SPDX-License-Identifier: Apache-2.0
"""Syscalls of 32-bit and 64-bit programs, with the arguments that they passed."""

from __future__ import annotations

from base64 import b64decode
from functools import cache
from typing import Any

import pytest

from tracee_ref.abi import Alert
from tracee_ref.events.catalogue import EventDefinition, all_events, i386_events, native_events
from vmtests.caller.build import generated, program
from vmtests.caller.generate import Generator
from vmtests.caller.values import MACHINES
from vmtests.lab.features import skip_unless
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, trace

NO_PROGRAM = (126, 127, 139)
"""Exit codes of a 32-bit program where the kernel has no 32-bit syscalls."""


@cache
def caller(machine: str) -> tuple[str, frozenset[str]]:
    """Return the path of the program for an ABI, and the events of its syscalls."""
    definitions = {event.id: event for event in all_events().values()}
    ids = i386_events() if MACHINES[machine].is_32_bit else native_events()
    numbers: dict[int, EventDefinition] = {n: definitions[id_] for n, id_ in sorted(ids.items())}
    generator = Generator(MACHINES[machine], numbers)
    return str(generated(machine, generator.source())), frozenset(generator.events)


def printed(value: Any, *, unreadable: bool) -> str:
    """Return the value of an argument as the program prints it."""
    if isinstance(value, dict) and "sin_addr" in value:
        return f"{value['sin_addr']}:{value['sin_port']}"
    if isinstance(value, dict):
        return ",".join(f"{name}={member}" for name, member in value.items())
    if isinstance(value, list):
        return "|".join(printed(element, unreadable=False) for element in value)
    return "?" if unreadable else "null" if value is None else str(value)


def line(event: dict[str, Any]) -> str:
    """Return an event as a line of the program, the result as an int."""
    values = [printed(a["value"], unreadable=a.get("unreadable", False)) for a in event["args"]]
    result = (event["returnValue"] + (1 << 31)) % (1 << 32) - (1 << 31)
    return "\t".join([event["eventName"], *values, str(result)])


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize(
    "machine",
    ["x86-64", "i386", "int80", pytest.param("vdso", marks=pytest.mark.host_only)],
)
def test_call_arguments(kernel: Kernel, machine: str) -> None:
    """Each syscall has one event, with the arguments and the result that the program printed."""
    path, events = caller(machine)
    traced = trace(kernel, f"-f event={','.join(sorted(events))} -o json", [path])
    is_32_bit = MACHINES[machine].is_32_bit
    if is_32_bit:
        skip_unless(kernel, "ia32", present=traced.status not in NO_PROGRAM)
    assert traced.status == 0, traced.stderr
    found = [line(e) for e in traced.events if e["contextFlags"]["isCompat"] == is_32_bit]
    first = 0 if is_32_bit else 1  # the execve of the program
    *calls, output = found[first:]
    expected = [line for line in traced.stdout.splitlines() if not line.startswith('{"timestamp"')]
    assert output.startswith("write\t1\t")
    assert calls == expected
    assert traced.account.balances()


NETWORK = ("socket", "bind", "listen", "getsockname", "connect", "accept")


def traced_program(kernel: Kernel, options: str, name: str) -> Traced:
    """Trace a 32-bit program; skip where the kernel has no 32-bit syscalls."""
    traced = trace(kernel, options, [str(program(name))])
    skip_unless(kernel, "ia32", present=traced.status not in NO_PROGRAM)
    assert traced.account.balances()
    return traced


@pytest.mark.oldest_and_newest
def test_socketcall_is_syscalls(kernel: Kernel) -> None:
    """Syscalls behind socketcall have the events, arguments and filters of any other."""
    flags = (
        f"-f 1:event={','.join(NETWORK)} -f 2:event=connect -f 2:connect.args.sockfd=4"
        " -f 3:event=connect -f 3:connect.retval<0 -f 4:event=socketcall"
        " -f 5:event=net_packet_tcp"
    )
    traced = traced_program(kernel, f"{flags} -o json", "sockets")
    calls = [e for e in traced.events if not e["eventName"].startswith("net_")]
    both = [e["eventName"] for e in calls]
    assert both == [
        *("socketcall", "socket", "socketcall", "bind", "socketcall", "listen"),
        *("socketcall", "getsockname", "socketcall", "socket", "socketcall", "connect"),
        *("socketcall", "accept", "socket", "connect", "socketcall", "getsockname"),
        *("socketcall", "connect", "socketcall"),
    ]
    found = [(e["eventName"], e["returnValue"], e["matchedScopes"], [a["value"] for a in e["args"]])
             for e in calls if e["eventName"] != "socketcall"]  # fmt: skip
    address = found[3][3][1]
    assert address["sin_addr"] == "127.0.0.1"
    assert int(address["sin_port"]) > 1000
    assert found == [
        ("socket", 3, 1, [2, 1, 0]),
        ("bind", 0, 1, [3, {**address, "sin_port": "0"}, 16]),
        ("listen", 0, 1, [3, 5]),
        ("getsockname", 0, 1, [3, address, found[3][3][2]]),
        ("socket", 4, 1, [2, 1, 0]),
        ("connect", 0, 3, [4, address, 16]),
        ("accept", 5, 1, [3, None, 0]),
        ("socket", 6, 1, [2, 1, 0]),
        ("connect", 0, 1, [6, address, 16]),
        ("getsockname", 0, 1, [3, None, found[3][3][2]]),
        ("connect", -14, 5, [None, None, None]),
    ]
    assert all(argument["unreadable"] for argument in calls[-2]["args"])
    assert calls[-4]["argsChanged"] == ["sockfd", "addrlen"]  # rule 19
    packets = [e for e in traced.events if e["eventName"] == "net_packet_tcp"]
    assert len(packets) >= 6
    assert {e["hostProcessId"] for e in packets} == {calls[0]["hostProcessId"]}


@pytest.mark.host_only
def test_compat_calls_left_out(kernel: Kernel) -> None:
    """With --no-compat nothing of a 32-bit program is reported but its end."""
    names = f"{','.join(NETWORK)},socketcall,execve,exit,exit_group,open,getpid,write"
    traced = traced_program(kernel, f"--no-compat -f event={names} -o json", "sockets")
    assert [(e["eventName"], e["contextFlags"]["isCompat"]) for e in traced.events] == [
        ("execve", False)
    ]


EXECS = ("execve", "execveat", "exit", "exit_group", "sigreturn", "rt_sigreturn")


@pytest.mark.oldest_and_newest
def test_compat_execs_and_exits(kernel: Kernel) -> None:
    """Execs, exits and returns from signals of a 32-bit program are one event each."""
    events = ",".join([*EXECS, "sched_process_exec"])
    traced = traced_program(kernel, f"-f event={events} -o json -o option:exec-env", "execs")
    calls = [e for e in traced.events if e["contextFlags"]["isCompat"]]
    found = [(e["eventName"], e["returnValue"], [a["value"] for a in e["args"]])
             for e in calls if e["eventName"] in EXECS]  # fmt: skip
    argv, envp = ["true", "from 32 bits"], ["X=1"]
    assert found == [
        ("execve", -2, ["/proc/missing", argv, envp]),
        ("sigreturn", 0, []),
        ("rt_sigreturn", 0, []),
        ("exit_group", 0, [3]),
        ("exit", 0, [4]),
        ("execveat", 0, [-100, "/bin/true", argv, envp, 0]),
        ("execve", 0, ["/bin/true", argv, envp]),
    ]
    executed = [e for e in traced.events if e["eventName"] == "sched_process_exec"]
    assert len(executed) == 3
    assert traced.account.lost == 0


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
def test_compat_memory(kernel: Kernel) -> None:
    """mem_prot_alert reports both kinds of mmap of i386, magic_write the data of a vector."""
    traced = traced_program(kernel, "-f event=mem_prot_alert,magic_write -o json", "memory")
    alerts = [arguments(e) for e in traced.events if e["eventName"] == "mem_prot_alert"]
    assert [(a["alert"], a["len"], a["prev_prot"], a["prot"]) for a in alerts] == [
        (Alert.MAPPED_W_X, 4096, 0, 7),
        (Alert.MAPPED_W_X, 8192, 0, 7),
        (Alert.X_ADDED, 4096, 3, 7),
    ]
    (write,) = [e for e in traced.events if e["eventName"] == "magic_write"]
    assert (write["returnValue"], b64decode(arguments(write)["bytes"])) == (11, b"first")


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
def test_socketcall_names_syscalls(kernel: Kernel) -> None:
    """Events of kernel functions have the syscall behind socketcall, and its descriptor."""
    traced = traced_program(kernel, "-f event=security_socket_* -o json", "sockets")
    found = [
        (e["eventName"].removeprefix("security_socket_"), e["syscall"], arguments(e).get("sockfd"))
        for e in traced.events
        if e["contextFlags"]["isCompat"]
    ]
    assert found == [
        ("create", "socket", None),
        ("bind", "bind", 3),
        ("listen", "listen", 3),
        ("create", "socket", None),
        ("connect", "connect", 4),
        ("accept", "accept", 3),
        ("create", "socket", None),
        ("connect", "connect", 6),
    ]
