# SPDX-License-Identifier: Apache-2.0
"""Events of execve: one for each call, with its path, arguments and result."""

from __future__ import annotations

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import MISSING, arguments, python, trace


def test_exec_one_event_with_result(kernel: Kernel) -> None:
    """Each execve, successful or failed, is one event with its result."""
    command = ["sh", "-c", f"/bin/true a b; {MISSING} c; exit 3"]
    traced = trace(kernel, "-f event=execve,sched_process_exec -o json", command)
    assert traced.status == 3
    calls = [(e["processName"], e["returnValue"], arguments(e).get("argv"), e["eventName"])
             for e in traced.events]  # fmt: skip
    assert [call[1:] for call in calls] == [
        (0, command, "execve"),
        (0, command, "sched_process_exec"),
        (0, ["/bin/true", "a", "b"], "execve"),
        (0, ["/bin/true", "a", "b"], "sched_process_exec"),
        (-2, [MISSING, "c"], "execve"),
    ]
    # Rule 17: a successful execve has the facts of its entry.
    assert [call[0] for call in calls] == ["tracee-ref", "sh", "sh", "true", "sh"]


NOT_IN_MEMORY = """
import ctypes, mmap, os, tempfile
libc = ctypes.CDLL(None, use_errno=True)
def unmapped(*strings):
    file = tempfile.TemporaryFile()
    file.write(b"".join(text.ljust(4096, b"\\0") for text in strings))
    file.flush()
    memory = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return memory, [ctypes.c_void_p(start + 4096 * i) for i in range(len(strings))]
def execute(path, *argv):
    if not (child := os.fork()):
        memory, strings = unmapped(path, *argv)
        array = (ctypes.c_void_p * (len(argv) + 1))(*strings[1:])
        libc.execve(strings[0], array, None)
        os._exit(ctypes.get_errno())
    os.waitpid(child, 0)
"""
"""The pages of the strings are not mapped in: the kernel faults them in, a BPF program cannot."""


def test_exec_path_not_in_memory(kernel: Kernel) -> None:
    """Strings that cannot be read at the entry of execve are read later."""
    source = (
        NOT_IN_MEMORY
        + f"""
execute(b"/bin/true", b"true", b"", b"x" * 300)
execute(b"/bin/false", b"false")
execute(b"{MISSING}", b"a")
"""
    )
    flags = (
        "-f 1:event=execve -f 2:event=execve -f 2:execve.args.pathname=/bin/true"
        " -f 3:event=execve -f 3:execve.args.pathname!=/bin/true"
    )
    traced = trace(kernel, f"{flags} -o json", python(source))
    found = [(arguments(e), e["returnValue"], e["matchedScopes"]) for e in traced.events][1:]
    calls = [(args["pathname"], args["argv"], ret, mask) for args, ret, mask in found]
    assert [args["envp"] for args, _, _ in found] == [None] * 3
    assert calls == [
        ("/bin/true", ["true", "", "x" * 300], 0, 0b11),
        ("/bin/false", ["false"], 0, 0b101),
        (MISSING, ["a"], -2, 0b101),
    ]
    assert traced.account.balances()


def test_exec_of_other_kind(kernel: Kernel) -> None:
    """An execveat that succeeds is no lost execve, and the reverse."""
    source = """
import os
program = os.open("/bin/true", os.O_RDONLY)
os.execve(program, ["true", "by descriptor"], {})
"""
    for event, calls in (("execve", 1), ("execveat", 1)):
        traced = trace(kernel, f"-f event={event} -o json", python(source))
        found = [e for e in traced.events if not e["returnValue"]]
        assert (len(found), traced.account.lost) == (calls, 0), traced.stderr


def test_exec_empty_strings(kernel: Kernel) -> None:
    """Some kernels report an empty string like an unreadable one (bpf/lib/kernel.h)."""
    traced = trace(kernel, "-f event=execve,openat -o json", ["sh", "-c", "cat '' b ''"])
    (argv,) = [arguments(e)["argv"] for e in traced.events if "/cat" in str(e["args"])]
    assert argv == ["cat", "", "b", ""]
    paths = [arguments(e)["pathname"] for e in traced.events if e["eventName"] == "openat"]
    assert paths.count("") == 2


@pytest.mark.host_only  # guests: live plans
def test_exec_of_command_is_first_event(kernel: Kernel) -> None:
    """No event of the command is traced before its exec, when it is a copy of the tracer."""
    events = "-f event=read,close,rt_sigaction,execve,getpid -o json"
    first = trace(kernel, events, ["true"]).events[0]
    assert (first["eventName"], arguments(first)["argv"]) == ("execve", ["true"])


@pytest.mark.host_only  # guests: live plans
def test_exec_by_another_thread(kernel: Kernel) -> None:
    """An execve by a thread is reported with the id of that thread."""
    source = """
import os, threading
threading.Thread(target=os.execv, args=("/bin/true", ["true", "threaded"])).start()
threading.Event().wait()
"""
    events = "-f event=execve,sched_process_exec,sched_process_exit -f comm=python3,true -o json"
    traced = trace(kernel, events, python(source))
    (call,) = [e for e in traced.events if e["eventName"] == "execve"]
    assert arguments(call)["argv"] == ["true", "threaded"]
    assert call["hostThreadId"] != call["hostProcessId"]
    assert traced.account.balances()
