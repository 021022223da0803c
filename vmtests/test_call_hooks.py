# SPDX-License-Identifier: Apache-2.0
"""Hooks of native and 32-bit syscalls, and syscalls that seccomp refuses."""

from __future__ import annotations

import re
import signal

import pytest

from vmtests.lab.features import skip_unless
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import arguments, python, trace

COMPAT_GETPID = 20  # number of writev on x86-64
COMPAT = f"""
import ctypes, mmap
code = bytes.fromhex("53 b8 {COMPAT_GETPID:02x} 00 00 00 cd 80 5b c3")
memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
memory.write(code)
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
print("answer", call())
"""
"""push rbx; mov eax, 20; int 0x80; pop rbx; ret: a 32-bit syscall of a 64-bit program."""


def test_calls_32_bit(kernel: Kernel) -> None:
    """A 32-bit syscall has the name of the i386 table."""
    traced = trace(kernel, "-f event=getpid,writev -o json", python(COMPAT))
    answer = re.search(r"answer (\d+)", traced.stdout)
    skip_unless(kernel, "ia32", present=traced.status != 128 + signal.SIGSEGV)
    assert answer
    compat = [e for e in traced.events if e["contextFlags"]["isCompat"]]
    assert [(e["eventName"], e["returnValue"]) for e in compat] == [("getpid", int(answer[1]))]
    assert not [e for e in traced.events if e["eventName"] == "writev"]


RENAMED = {"stat": 4, "fstat": 5, "lstat": 6, "sendfile": 40, "uname": 63, "umount2": 166}
"""Syscalls whose tracepoints have other names."""

NATIVE = f"""
import ctypes
libc = ctypes.CDLL(None)
for number in {sorted(RENAMED.values())}: libc.syscall(number, -1, 0, 0, 0)
open("/etc/hostname").close()
"""

HIGHEST = {
    "host": "TRACEPOINTS",
    **dict.fromkeys(("5.10", "6.1", "6.12"), "FUNCTIONS"),
    "7": "ALL_SYSCALLS",
}
"""The expected hooks of these kernels; others are not checked."""


def native_hooks(kernel: Kernel, names: list[str]) -> str:
    """Return the kind of hooks that the tracer chooses for native syscalls."""
    hooks = kernel.ask("programs.syscall_hooks", {"calls": names})
    assert hooks["all"] == ("ALL_SYSCALLS" if hooks["possible"] else hooks["native"])
    return str(hooks["native"])


def test_calls_native_hooks(kernel: Kernel) -> None:
    """With --no-compat, hooks for single syscalls report all native calls."""
    names = [*RENAMED, "openat", "getpid", "writev"]
    native = native_hooks(kernel, names)
    assert native == HIGHEST.get(kernel.name, native)
    options = f"-f event={','.join(names)} -o json"
    traced = trace(kernel, f"--no-compat {options}", python(NATIVE + COMPAT))
    bad_file, bad_address = dict.fromkeys(("fstat", "sendfile"), -9), -14
    expected = {**dict.fromkeys(RENAMED, bad_address), **bad_file}
    assert expected.items() <= {(e["eventName"], e["returnValue"]) for e in traced.events}
    paths = [arguments(e)["pathname"] for e in traced.events if e["eventName"] == "openat"]
    assert paths.count("/etc/hostname") == 1
    assert not [e for e in traced.events if e["contextFlags"]["isCompat"]]
    assert traced.account.balances()


REFUSED = """
import ctypes, errno, os, struct
def filter(*code): return b"".join(struct.pack("HBBI", *instruction) for instruction in code)
ALLOW, REFUSE = (6, 0, 0, 0x7FFF0000), (6, 0, 0, 0x00050000 | errno.EXDEV)
numbers = [39, 231]
tests = [(0x15, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
code = filter((0x20, 0, 0, 0), *tests, ALLOW, REFUSE)
buffer = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0
print(libc.syscall(39), libc.syscall(231, 3), libc.syscall(110) > 0, flush=True)
libc.syscall(60, 4)
"""
"""A seccomp filter that refuses getpid and exit_group with EXDEV, and allows the others."""


@pytest.mark.parametrize("more", ["", "--no-compat "])
def test_calls_refused_by_seccomp(kernel: Kernel, more: str) -> None:
    """Refused syscalls, which call no syscall function, are reported at their return."""
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
    texts = [path.read_text() for path in pathlib.Path(f"/proc/{os.getppid()}/fdinfo").iterdir()]
    return sum(int(t.split("run_cnt:")[1].split()[0]) for t in texts if "run_cnt:" in t)
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
"""Prints how often programs of the tracer ran, without the runs that the counting causes."""


@pytest.mark.guest_only  # sets a sysctl
def test_calls_unselected_run_no_program(kernel: Kernel) -> None:
    """With hooks for single syscalls, no program runs for other syscalls."""
    native = native_hooks(kernel, ["access", "getppid"])
    options = "--no-compat -f event=access,getppid -f comm=python3 -o json"
    traced = trace(kernel, options, python(COUNTED))
    others, own = map(int, re.findall(r"^programs ran (-?\d+) (-?\d+)$", traced.stdout, re.M)[0])
    if native == "ALL_SYSCALLS":
        assert others > 900  # the runs that the counting causes vary
    else:
        assert (others, own) == (0, 20)  # at the entry and at the return of each access()
