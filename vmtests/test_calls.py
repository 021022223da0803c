# SPDX-License-Identifier: Apache-2.0
"""Syscall events: losses, arguments, and syscalls that do not return."""

from __future__ import annotations

import os

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import arguments, python, trace

MANY = """
import os
for _ in range({calls}): os.getppid()
"""

STOPPED = """
import os, signal
os.kill(os.getppid(), signal.SIGSTOP)
for _ in range({calls}): os.getppid()
os.kill(os.getppid(), signal.SIGCONT)
"""
"""Stops the tracer, its parent, during the calls, so that nothing reads the ring."""


CALLS = 1_000
"""Number of calls on guests: an emulated one takes a millisecond to print an event."""

MORE_CALLS = 10_000
"""More events than a buffer of 1 MiB holds."""


@pytest.mark.host_only
def test_calls_100000_none_missing(kernel: Kernel) -> None:
    """With the default buffer none of 100,000 events is lost."""
    options = "-f event=getppid -o json:/dev/null"
    traced = trace(kernel, options, python(MANY.format(calls=100_000)))
    assert traced.account.seen == traced.account.delivered == 100_000, traced.stderr


@pytest.mark.host_only
def test_calls_100000_losses_counted(kernel: Kernel) -> None:
    """If the reader is stopped, every lost event is counted."""
    options = "-f event=getppid -o json:/dev/null --buffer 1"
    account = trace(kernel, options, python(STOPPED.format(calls=100_000))).account
    assert account.seen == 100_000 + 2
    assert account.lost > 0
    assert account.balances()


@pytest.mark.host_only
def test_calls_ring_wraps(kernel: Kernel) -> None:
    """Records that wrap at the end of a small buffer arrive complete."""
    source = """
import os, time
for i in range(15_000):
    os.access(f"/x/{i}" + i % 333 * "y", 0)
    if i % 500 == 0: time.sleep(0.05)
"""
    traced = trace(kernel, "-f event=access -o json --buffer 1", python(source))
    assert (traced.account.lost, traced.account.dropped) == (0, 0), traced.stderr
    paths = [arguments(event)["pathname"] for event in traced.events]
    accessed = [path for path in paths if path.startswith("/x/")]
    assert accessed == [f"/x/{i}" + i % 333 * "y" for i in range(15_000)]


def test_calls_none_missing(kernel: Kernel) -> None:
    """None of 1,000 events is lost, on each kernel."""
    options = "-f event=getppid -o json:/dev/null"
    traced = trace(kernel, options, python(MANY.format(calls=CALLS)))
    assert traced.account.seen == traced.account.delivered == CALLS, traced.stderr
    assert traced.account.balances()


def test_calls_losses_counted(kernel: Kernel) -> None:
    """If the reader is stopped, every lost event is counted, on each kernel."""
    options = "-f event=getppid -o json:/dev/null --buffer 1"
    account = trace(kernel, options, python(STOPPED.format(calls=MORE_CALLS))).account
    assert account.seen == MORE_CALLS + 2
    assert account.lost > 0
    assert account.balances()


def test_calls_arguments_and_return_values(kernel: Kernel) -> None:
    """Arguments of several types are decoded; NULL differs from an unreadable pointer."""
    source = """
import ctypes, os
libc = ctypes.CDLL(None)
fd = os.open("/etc/hostname", os.O_RDONLY)
os.lseek(fd, -1, os.SEEK_END)
libc.syscall(257, -100, 0, 0, 0)
libc.syscall(257, -100, ctypes.c_void_p(1), 0, 0)
os.pipe()
libc.mmap.restype = ctypes.c_void_p
libc.mmap(ctypes.c_void_p(0), ctypes.c_size_t(4096), 1, 0x22, -1, ctypes.c_long(0))
"""
    traced = trace(
        kernel, "-f event=openat,lseek,pipe2,mmap -f comm=python3 -o json", python(source)
    )
    calls = [(e["eventName"], e["returnValue"], arguments(e), e["args"]) for e in traced.events]
    opened = [(ret, args) for name, ret, args, _ in calls if name == "openat"]
    path = {"dirfd": -100, "pathname": "/etc/hostname", "flags": os.O_CLOEXEC, "mode": 0}
    assert any(ret >= 0 and args == path for ret, args in opened)
    null, unreadable = [args for name, ret, _, args in calls if name == "openat" and ret == -14]
    assert null[1] == {"name": "pathname", "type": "const char*", "value": None}
    assert unreadable[1] == null[1] | {"unreadable": True}
    assert ("lseek", -1, 2) in [(n, a.get("offset"), a.get("whence")) for n, _, a, _ in calls]
    (pipe,) = [args["pipefd"] for name, _, args, _ in calls if name == "pipe2"]
    assert pipe[1] == pipe[0] + 1
    mapped = [tuple(args.values())[1:] for name, _, args, _ in calls if name == "mmap"]
    assert mapped[-1] == (4096, 1, 0x22, -1, 0)


def test_calls_without_return(kernel: Kernel) -> None:
    """exit, exit_group and rt_sigreturn are reported at their entry."""
    source = """
import os, signal, threading, time
signal.signal(signal.SIGUSR1, lambda *_: None)
os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=lambda: None).start()
while len(os.listdir("/proc/self/task")) > 1:
    time.sleep(0.01)
os._exit(7)
"""
    events = "-f event=exit,exit_group,rt_sigreturn -f comm=python3 -o json"
    traced = trace(kernel, events, python(source))
    found = [(e["eventName"], arguments(e)) for e in traced.events]
    assert found == [
        ("rt_sigreturn", {}),
        ("exit", {"status": 0}),
        ("exit_group", {"status": 7}),
    ]
    assert traced.status == 7
