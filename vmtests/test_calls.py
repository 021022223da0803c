# SPDX-License-Identifier: Apache-2.0
"""System calls: none missing, arguments as passed, and those that do not return normally."""

from __future__ import annotations

import os
import re
import signal

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
"""The tracer is the parent: for the time of the calls it does not read at all."""


CALLS = 1_000
"""In every kernel; an emulated guest takes a millisecond to print an event."""

MORE_CALLS = 10_000
"""More than a buffer of 1 MiB holds."""


@pytest.mark.host_only
def test_calls_100000_none_missing(kernel: Kernel) -> None:
    options = "-f event=getppid -o json:/tmp/getppid.json"
    traced = trace(kernel, options, python(MANY.format(calls=100_000)))
    assert traced.account.seen == traced.account.delivered == 100_000, traced.stderr


@pytest.mark.host_only
def test_calls_100000_losses_counted(kernel: Kernel) -> None:
    options = "-f event=getppid -o json:/tmp/getppid.json --buffer 1"
    account = trace(kernel, options, python(STOPPED.format(calls=100_000))).account
    assert account.seen == 100_000 + 2
    assert account.lost > 0
    assert account.balances()


@pytest.mark.host_only
def test_calls_ring_wraps(kernel: Kernel) -> None:
    """Several times as many records as fit, with pauses in which they are read.

    Where they go round at their end some are split; all arrive whole.
    """
    source = """
import os, time
for i in range(15_000):
    os.access(f"/x/{i}" + i % 333 * "y", 0)
    if i % 500 == 0: time.sleep(0.05)
"""
    traced = trace(kernel, "-f event=access -o json --buffer 1", python(source))
    assert (traced.account.lost, traced.account.dropped) == (0, 0), traced.stderr
    paths = [arguments(event)["pathname"] for event in traced.events]
    ours = [path for path in paths if path.startswith("/x/")]
    assert ours == [f"/x/{i}" + i % 333 * "y" for i in range(15_000)]


def test_calls_none_missing(kernel: Kernel) -> None:
    options = "-f event=getppid -o json:/tmp/getppid.json"
    traced = trace(kernel, options, python(MANY.format(calls=CALLS)))
    assert traced.account.seen == traced.account.delivered == CALLS, traced.stderr
    assert traced.account.balances()


def test_calls_losses_counted(kernel: Kernel) -> None:
    options = "-f event=getppid -o json:/tmp/getppid.json --buffer 1"
    account = trace(kernel, options, python(STOPPED.format(calls=MORE_CALLS))).account
    assert account.seen == MORE_CALLS + 2
    assert account.lost > 0
    assert account.balances()


def test_calls_arguments_and_return_values(kernel: Kernel) -> None:
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


def test_exec_one_event_with_result(kernel: Kernel) -> None:
    command = ["sh", "-c", "/bin/true a b; /nonexistent c; exit 3"]
    traced = trace(kernel, "-f event=execve,sched_process_exec -o json", command)
    assert traced.status == 3
    calls = [(e["processName"], e["returnValue"], arguments(e).get("argv"), e["eventName"])
             for e in traced.events]  # fmt: skip
    assert [call[1:] for call in calls] == [
        (0, command, "execve"),
        (0, command, "sched_process_exec"),
        (0, ["/bin/true", "a", "b"], "execve"),
        (0, ["/bin/true", "a", "b"], "sched_process_exec"),
        (-2, ["/nonexistent", "c"], "execve"),
    ]
    # Rule 17: an exec call that succeeds has the facts of its entry.
    assert [call[0] for call in calls] == ["tracee-ref", "sh", "sh", "true", "sh"]


UNREAD = """
import ctypes, mmap, os, tempfile
libc = ctypes.CDLL(None, use_errno=True)
def unread(*texts):
    file = tempfile.TemporaryFile()
    file.write(b"".join(text.ljust(4096, b"\\0") for text in texts))
    file.flush()
    memory = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE)
    begin = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return memory, [ctypes.c_void_p(begin + 4096 * i) for i in range(len(texts))]
def execute(path, *argv):
    if not (child := os.fork()):
        texts = unread(path, *argv)
        array = (ctypes.c_void_p * (len(argv) + 1))(*texts[1][1:])
        libc.execve(texts[1][0], array, None)
        os._exit(ctypes.get_errno())
    os.waitpid(child, 0)
"""
"""No page of the texts was touched: the kernel waits for them, a program at the entry cannot."""


def test_exec_path_not_in_memory(kernel: Kernel) -> None:
    source = (
        UNREAD
        + """
execute(b"/bin/true", b"true", b"", b"x" * 300)
execute(b"/bin/false", b"false")
execute(b"/nonexistent", b"a")
"""
    )
    one = "-f 1:event=execve"
    two = "-f 2:event=execve -f 2:execve.args.pathname=/bin/true"
    three = "-f 3:event=execve -f 3:execve.args.pathname!=/bin/true"
    traced = trace(kernel, f"{one} {two} {three} -o json", python(source))
    found = [(arguments(e), e["returnValue"], e["matchedScopes"]) for e in traced.events][1:]
    calls = [(args["pathname"], args["argv"], ret, mask) for args, ret, mask in found]
    assert calls == [
        ("/bin/true", ["true", "", "x" * 300], 0, 0b11),
        ("/bin/false", ["false"], 0, 0b101),
        ("/nonexistent", ["a"], -2, 0b101),
    ]
    assert traced.account.balances()


def test_exec_empty_strings(kernel: Kernel) -> None:
    """Some kernels tell of it as of no text at all (bpf/lib/kernel.h)."""
    traced = trace(kernel, "-f event=execve,openat -o json", ["sh", "-c", "cat '' b ''"])
    (argv,) = [arguments(e)["argv"] for e in traced.events if "/cat" in str(e["args"])]
    assert argv == ["cat", "", "b", ""]
    paths = [arguments(e)["pathname"] for e in traced.events if e["eventName"] == "openat"]
    assert paths.count("") == 2


@pytest.mark.host_only  # guests: live plans
def test_exec_of_command_is_first_event(kernel: Kernel) -> None:
    """Before its exec the command is a copy of the tracer, which waits to be let go."""
    events = "-f event=read,close,rt_sigaction,execve,getpid -o json"
    first = trace(kernel, events, ["true"]).events[0]
    assert (first["eventName"], arguments(first)["argv"]) == ("execve", ["true"])


@pytest.mark.host_only  # guests: live plans
def test_exec_by_another_thread(kernel: Kernel) -> None:
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


def test_calls_without_return(kernel: Kernel) -> None:
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


COMPAT_GETPID = 20  # writev for a 64-bit call
COMPAT = f"""
import ctypes, mmap
code = bytes.fromhex("53 b8 {COMPAT_GETPID:02x} 00 00 00 cd 80 5b c3")
memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
memory.write(code)
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
print("answer", call())
"""
"""push rbx; mov eax, 20; int 0x80; pop rbx; ret: a 32-bit call from a 64-bit program."""


def test_calls_32_bit(kernel: Kernel) -> None:
    traced = trace(kernel, "-f event=getpid,writev -o json", python(COMPAT))
    answer = re.search(r"answer (\d+)", traced.stdout)
    if traced.status == 128 + signal.SIGSEGV:
        pytest.skip(f"{kernel.name}: built without CONFIG_IA32_EMULATION")
    assert answer
    compat = [e for e in traced.events if e["contextFlags"]["isCompat"]]
    assert [(e["eventName"], e["returnValue"]) for e in compat] == [("getpid", int(answer[1]))]
    assert not [e for e in traced.events if e["eventName"] == "writev"]


RENAMED = {"stat": 4, "fstat": 5, "lstat": 6, "sendfile": 40, "uname": 63, "umount2": 166}
"""Calls whose tracepoints are called otherwise."""

NATIVE = f"""
import ctypes
libc = ctypes.CDLL(None)
for number in {sorted(RENAMED.values())}: libc.syscall(number, -1, 0, 0, 0)
open("/etc/hostname").close()
"""

HIGHEST = {
    "host": "TRACEPOINTS",
    **dict.fromkeys(("5.10", "6.1", "6.12"), "FUNCTIONS"),
    "7": "ALL",
}
"""What these kernels allow; of others it is not known beforehand."""


def rung_of(kernel: Kernel, names: list[str]) -> str:
    """Where native calls are met."""
    told = kernel.ask("programs.rungs", {"calls": names})
    assert told["all"] == ("ALL" if told["possible"] else told["native"])
    return str(told["native"])


def test_calls_native_hooks(kernel: Kernel) -> None:
    names = [*RENAMED, "openat", "getpid", "writev"]
    native = rung_of(kernel, names)
    assert native == HIGHEST.get(kernel.name, native)
    options = f"-f event={','.join(names)} -o json"
    traced = trace(kernel, f"--no-compat {options}", python(NATIVE + COMPAT))
    calls = [(e["eventName"], e["returnValue"], arguments(e)) for e in traced.events]
    made = {name: ret for name, ret, _ in calls if name in RENAMED}
    bad_file, bad_address = dict.fromkeys(("fstat", "sendfile"), -9), -14
    assert made == {**dict.fromkeys(RENAMED, bad_address), **bad_file}
    paths = [args["pathname"] for name, _, args in calls if name == "openat"]
    assert paths.count("/etc/hostname") == 1
    assert not [e for e in traced.events if e["contextFlags"]["isCompat"]]
    assert traced.account.balances()


REFUSED = """
import ctypes, errno, os, struct
def filter(*code): return b"".join(struct.pack("HBBI", *one) for one in code)
ALLOW, REFUSE = (6, 0, 0, 0x7FFF0000), (6, 0, 0, 0x00050000 | errno.EXDEV)
numbers = [39, 231]
tests = [(0x15, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
code = filter((0x20, 0, 0, 0), *tests, ALLOW, REFUSE)
room = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(room))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0
print(libc.syscall(39), libc.syscall(231, 3), libc.syscall(110) > 0, flush=True)
libc.syscall(60, 4)
"""
"""Has seccomp refuse getpid and exit_group with EXDEV; getppid and exit go on."""


@pytest.mark.parametrize("more", ["", "--no-compat "])
def test_calls_refused_by_seccomp(kernel: Kernel, more: str) -> None:
    """They come to no function, yet return."""
    options = f"{more}-f event=getpid,getppid,exit,exit_group -f comm=python3 -o json"
    traced = trace(kernel, options, python(REFUSED))
    assert "-1 -1 True\n" in traced.stdout, traced.stderr
    calls = [(e["eventName"], e["returnValue"]) for e in traced.events]
    assert [call for call in calls if call[0] != "getppid"] == [
        ("getpid", -18),
        ("exit_group", -18),
        ("exit", 0),
    ]
    assert traced.account.balances()


COUNTED = """
import os, pathlib, sys
def runs():
    told = [path.read_text() for path in pathlib.Path(f"/proc/{os.getppid()}/fdinfo").iterdir()]
    return sum(int(one.split("run_cnt:")[1].split()[0]) for one in told if "run_cnt:" in one)
stats = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")
stats.write_text("1")
before = runs()
between = runs()
for _ in range(1000): os.getuid()
after = runs()
for _ in range(10): os.access("/x", 0)
print("programs ran", after - between - (between - before), runs() - after - (between - before))
stats.write_text("0")
"""
"""How often programs of the tracer ran, less than what counting takes."""


@pytest.mark.guest_only  # a switch of the whole kernel
def test_calls_unselected_run_no_program(kernel: Kernel) -> None:
    native = rung_of(kernel, ["access", "getppid"])
    options = "--no-compat -f event=access,getppid -f comm=python3 -o json"
    traced = trace(kernel, options, python(COUNTED))
    others, own = map(int, re.findall(r"^programs ran (-?\d+) (-?\d+)$", traced.stdout, re.M)[0])
    if native == "ALL":
        assert others > 900  # what counting takes is not always the same
    else:
        assert (others, own) == (0, 10)
