# SPDX-License-Identifier: Apache-2.0
"""The syscall of events within an exec."""

from __future__ import annotations

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace

EXECS = """
import ctypes, os
libc = ctypes.CDLL(None)
argv, empty = (ctypes.c_char_p * 2)(b"x", None), (ctypes.c_char_p * 1)(None)
EXECVE, EXECVEAT, AT_FDCWD, AT_EMPTY_PATH = 59, 322, -100, 0x1000
file = os.open("/bin/true", os.O_PATH)
for call in (
    (EXECVEAT, AT_FDCWD, b"/bin/true", argv, empty, 0),
    (EXECVE, b"/bin/true", argv, empty),
    (EXECVEAT, file, b"", argv, empty, AT_EMPTY_PATH),
):
    if os.fork() == 0:
        libc.syscall(EXECVE, b"/bin/nothing", argv, empty)
        libc.syscall(*call)
        os._exit(9)
    os.wait()
"""


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize("more", ["", ",execve,execveat"])
def test_exec_syscall(kernel: Kernel, more: str) -> None:
    """The registers say execve at the end of both calls."""
    result = trace(kernel, f"-f event=sched_process_exec{more} -o json", python(EXECS))
    assert result.status == 0, result.stderr
    execs = [event for event in result.events if event["eventName"] == "sched_process_exec"]
    assert [event["syscall"] for event in execs] == ["execve", "execveat", "execve", "execveat"]
    assert not any(event["contextFlags"]["isCompat"] for event in execs)


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
def test_exec_syscall_of_kernel(kernel: Kernel) -> None:
    """A program that the kernel executes is in no syscall."""
    options = ["-f", "event=sched_process_exec", "-f", "comm=true", "-o", "json"]
    request = {"options": options, "program": "/bin/true"}
    result = Traced.from_reply(kernel.ask("kernel_start.core_dump", request, seconds=240))
    (event,) = result.events
    assert event["syscall"] == ""
    assert arguments(event)["invoked_from_kernel"] == 1
    assert arguments(event)["prev_comm"].startswith("kworker/")
