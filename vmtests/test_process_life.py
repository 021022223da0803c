# SPDX-License-Identifier: Apache-2.0
"""Events of fork, exec and exit, and what processes inherit."""

from __future__ import annotations

import os
import shutil

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TEMPORARY, TIMEOUT_SECONDS, Traced, arguments, python, run, trace

LIFE = "-f event=sched_process_fork,sched_process_exec,sched_process_exit -o json"


@pytest.mark.host_only  # guests: live plans
def test_fork_parent_and_child(kernel: Kernel) -> None:
    """A fork event has the ids of parent and child."""
    source = """
import os
child = os.fork()
if child: print("pids", os.getpid(), child); os.waitpid(child, 0)
"""
    traced = trace(kernel, f"{LIFE} -f comm=python3", python(source))
    (pids,) = [line for line in traced.lines if line.startswith("pids ")]
    parent, child = map(int, pids.split()[1:])
    (fork,) = [e for e in traced.events if e["eventName"] == "sched_process_fork"]
    args = arguments(fork)
    assert {args[f"parent_{n}"] for n in ("tid", "ns_tid", "pid", "ns_pid")} == {parent}
    assert {args[f"child_{n}"] for n in ("tid", "ns_tid", "pid", "ns_pid")} == {child}
    assert fork["syscall"] in ("clone", "fork", "vfork", "clone3")
    exits = {e["hostProcessId"]: e for e in traced.events if e["eventName"].endswith("exit")}
    assert exits[child]["hostParentProcessId"] == parent
    assert exits[child]["threadStartTime"] == args["start_time"]


@pytest.mark.host_only  # guests: live plans
def test_exit_codes(kernel: Kernel) -> None:
    """Exit events have the exit code and mark the last thread."""
    traced = trace(kernel, LIFE, ["sh", "-c", "sh -c 'exit 3'; sh -c 'kill -9 $$'; true"])
    exits = [arguments(e) for e in traced.events if e["eventName"] == "sched_process_exit"]
    assert [e["exit_code"] for e in exits] == [3 << 8, 9, 0]
    assert all(e["process_group_exit"] is True for e in exits)


def test_exec_program_interpreter_stdin(kernel: Kernel) -> None:
    """An exec event describes program, interpreter, environment and stdin."""
    # A stat sets a flag in the field in which newer kernels keep the ctime.
    command = [
        "sh",
        "-c",
        "stat /usr/bin/true >/dev/null; echo | env -i A=1 B=2 /usr/bin/true '' last",
    ]
    traced = trace(kernel, f"{LIFE} -o option:exec-env -f binary=/usr/bin/true", command)
    (event,) = [e for e in traced.events if e["eventName"] == "sched_process_exec"]
    args = arguments(event)
    inodes = run(kernel, ["stat", "-Lc", "%i", "/usr/bin/true", "/lib64/ld-linux-x86-64.so.2"])
    assert args["pathname"] == "/usr/bin/true"
    assert [args["inode"], args["interpreter_inode"]] == list(map(int, inodes.lines))
    (changed,) = run(kernel, ["stat", "-Lc", "%.9Z", "/usr/bin/true"]).lines
    assert args["ctime"] == int(changed.replace(".", ""))
    assert args["inode_mode"] == 0o100755
    assert args["argv"] == ["/usr/bin/true", "", "last"]
    assert args["env"] == ["A=1", "B=2"]
    assert args["stdin_type"] == 0o010000
    assert args["stdin_path"].startswith("pipe:[")
    assert os.path.basename(args["interpreter_pathname"]).startswith("ld-")  # noqa: PTH119
    assert args["invoked_from_kernel"] == 0
    assert event["syscall"] == "execve"


def test_exec_interpreter_of_script(kernel: Kernel) -> None:
    """A script has an interpreter, a static program has none."""
    file = f"{TEMPORARY}-script"
    script = f"printf '#!/bin/sh\\nexit 0\\n' >{file}; chmod +x {file}; {file}; rm {file}"
    busybox = shutil.which("busybox")
    assert busybox, "busybox-static is one of the packages that tools/setup installs"
    traced = trace(kernel, LIFE, ["sh", "-c", f"{script}; {busybox} true; true"])
    programs = {
        args["cmdpath"]: args for args in map(arguments, traced.events) if "cmdpath" in args
    }
    assert programs[file]["interp"] == "/bin/sh"
    assert programs[file]["pathname"] == os.path.realpath("/bin/sh")
    static = programs[busybox]
    names = ("pathname", "dev", "inode", "ctime")
    assert [static[f"interpreter_{name}"] for name in names] == [None] * 4


@pytest.mark.host_only  # guests: live plans
def test_binary_inherited_and_replaced(kernel: Kernel) -> None:
    """A child inherits the binary of its parent; an exec replaces it."""
    source = """
import os
if os.fork() == 0:
    os.getppid()
    os.execv("/bin/sh", ["sh", "-c", "exit 0"])
os.wait()
"""
    python3 = os.path.realpath("/usr/bin/python3")
    flags = f"-f 1:binary={python3} -f 1:event=getppid,sched_process_exit"
    flags += f" -f 2:binary!={python3} -f 2:event=getppid,sched_process_exit"
    traced = trace(kernel, f"{flags} -o json", python(source))
    seen = [(e["processName"], e["eventName"], e["matchedScopes"]) for e in traced.events]
    assert ("python3", "getppid", 1) in seen
    assert ("sh", "sched_process_exit", 2) in seen
    assert ("python3", "sched_process_exit", 1) in seen


def test_binary_of_existing_processes(kernel: Kernel) -> None:
    """The binaries of processes older than the tracer are read from /proc."""
    commands = [["/usr/bin/sleep", "600"], ["/usr/bin/tail", "-f", "/dev/null"]]
    flags = "-f pid={0},{1} -f binary=/usr/bin/sleep -f event=sched_process_exit -o json"
    request = {"commands": commands, "options": flags.split()}
    reply = kernel.ask("existing.ended", request, seconds=TIMEOUT_SECONDS)
    result = Traced.from_reply(reply)
    assert result.status == 0, result.stderr
    assert [e["hostProcessId"] for e in result.events] == reply["pids"][:1]


@pytest.mark.host_only
def test_task_rename_matches_old_comm(kernel: Kernel) -> None:
    """A rename matches filters on the old comm (rule 17); that of the first exec is traced too."""
    source = "for name in ('first', 'second'): open('/proc/self/comm', 'w').write(name)"
    flags = (
        "-f 1:event=task_rename -f 2:event=task_rename -f 2:comm=first "
        "-f 3:event=task_rename -f 3:task_rename.args.new_name=sec* -o json"
    )
    traced = trace(kernel, flags, python(source))
    found = [
        (tuple(arguments(e).values()), e["processName"], e["matchedScopes"]) for e in traced.events
    ]
    assert found == [
        (("tracee-ref", "python3"), "tracee-ref", 0b001),
        (("python3", "first"), "python3", 0b001),
        (("first", "second"), "first", 0b111),
    ]
    assert traced.account.balances()
