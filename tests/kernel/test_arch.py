# SPDX-License-Identifier: Apache-2.0
"""Headers of bpf/arch, compiled for this machine: syscall numbers and registers."""

from __future__ import annotations

import ctypes
import re
import runpy
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tracee_ref.events.catalogue import (
    FIRST_NEW_CALL,
    all_events,
    arm64_events,
    i386_events,
    load_catalogue,
    x86_events,
)

ROOT = Path(__file__).parents[2]
X86, ARM64 = "arch/x86.h", "arch/arm64.h"
TABLES: Mapping[tuple[str, bool], Callable[[], Mapping[int, int]]] = {
    (X86, False): x86_events,
    (X86, True): i386_events,
    (ARM64, False): arm64_events,
}
"""Syscalls of a header, native and 32-bit; 32-bit ARM has no table."""

HEADERS = ("generated/abi.h", "arch/syscall_nr.h")
PRELUDE = """
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
typedef uint64_t u64; typedef uint32_t u32; typedef uint16_t u16; typedef uint8_t u8;
typedef int64_t s64; typedef int32_t s32;
#define __always_inline inline
#define READ(pointer, field) ((pointer)->field)
#define READ_AT(type, base, offset) (*(type *)((base) + (offset)))
#define FIELD(pointer, field) ((pointer)->field)
#define SAVED(pointer, field) ((pointer)->field)
#define read_kernel(to, size, from) memcpy(to, from, size)
#define PF_KTHREAD 0x00200000
#define PT_REGS_SIZE sizeof(struct pt_regs)
struct task_struct { u64 flags, thread_info_flags, thread_info_status; void *stack; };
"""
REGISTERS = {
    X86: "struct pt_regs { u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di,"
    " orig_ax, ip, cs, flags, sp, ss; };",
    ARM64: "struct pt_regs { u64 regs[31], sp, pc, pstate, orig_x0; s32 syscallno; u64 more[5]; };",
}
WRAPPERS = """
int exec_(u32 n, int compat) { return is_exec(n, compat); }
int path_(u32 n, int compat) { return path_argument(n, compat); }
int socket_(u32 n, int compat) { return has_socket_argument(n, compat); }
int protect_(u32 n, int compat) { return is_mprotect(n, compat); }
int uses_(u32 n, int compat) { return socket_argument(n, compat); }
int makes_(u32 n, int compat) { return returns_socket(n, compat); }
int map_(u32 n, int compat) { return is_mmap(n, compat); }
int pkey_(u32 n, int compat) { return is_pkey_mprotect(n, compat); }
"""
STACK = """
static char stack[KERNEL_STACK_SIZE] __attribute__((aligned(16)));
u64 seen(int index)
{
	struct task_struct task = {.stack = stack};
	struct pt_regs *regs = (struct pt_regs *)(stack + KERNEL_STACK_SIZE) - 1;
	for (u32 i = 0; i < 31; i++)
		regs->regs[i] = 100 + i;
	regs->orig_x0 = 99;
	regs->syscallno = 221;
	struct pt_regs *found = user_registers(&task);
	struct pt_regs saved;
	u64 values[REGISTERS];
	read_registers(values, &saved, found, false);
	if (index < REGISTERS)
		return values[index];
	if (index == 6)
		return current_syscall(&task);
	if (index == 7)
		return function_argument(found, 1);
	task.flags = PF_KTHREAD;
	return user_registers(&task) == NULL;
}
"""

READ = """
u64 read_(int index, int compat, int all)
{
	struct pt_regs regs, saved;
	u64 values[REGISTERS];
	memset(&regs, 0x81, sizeof(regs));
	regs.bx = 0xabcd00000001, regs.cx = 0xabcd00000002, regs.dx = 0xabcd00000003;
	regs.si = 0xabcd00000004, regs.di = 0xabcd00000005, regs.bp = 0xabcd00000006;
	read_registers(values, &saved, &regs, compat);
	return all ? values[index] : read_register(&regs, compat, index);
}
"""


def compiled(directory: Path, header: str, more: str = "") -> ctypes.CDLL:
    if not shutil.which("gcc"):
        pytest.skip("gcc is not installed")
    parts = [(ROOT / "bpf" / name).read_text() for name in (*HEADERS, header)]
    text = "\n".join(parts).replace("#pragma once", "")
    source, library = directory / "arch.c", directory / f"{Path(header).stem}.so"
    machine = "#define ARM64" if header == ARM64 else ""
    source.write_text("\n".join([machine, PRELUDE, REGISTERS[header], text, WRAPPERS, more]))
    subprocess.run(["gcc", "-shared", "-fPIC", "-w", "-o", library, source], check=True)
    return ctypes.CDLL(str(library))


@pytest.mark.parametrize(("header", "compat"), TABLES)
def test_syscall_numbers(tmp_path: Path, header: str, compat: bool) -> None:
    library = compiled(tmp_path, header)
    names = {event.id: event.name for event in all_events().values()}
    called = {number: names[event] for number, event in TABLES[header, compat]().items()}

    def those(function: str, answer: int = 1) -> set[str]:
        ask = getattr(library, function)
        return {called.get(n, f"unknown {n}") for n in range(600) if ask(n, compat) == answer}

    known = set(called.values())
    assert those("exec_") == {"execve", "execveat"}
    assert those("path_", 0) == {"open", "creat", "execve"} & known
    assert those("path_") == {"openat", "openat2", "execveat"}
    sockets = {"bind", "connect", "listen", "setsockopt", "accept4"}
    assert those("socket_") == sockets | ({"getsockopt"} if compat else {"accept"})
    used = {
        "read", "write", "readv", "writev", "preadv2", "pwritev2", "sendfile", "bind", "connect",
        "listen", "setsockopt", "accept", "accept4", "sendto", "recvfrom", "sendmsg", "recvmsg",
        "sendmmsg", "recvmmsg", "shutdown",
    }  # fmt: skip
    of_32_bits = {
        "sendfile32", "getsockopt", "getsockname", "getpeername", "socketcall", "recvmmsg_time32",
    }  # fmt: skip
    assert those("uses_", 0) == (used - {"accept"} | of_32_bits if compat else used)
    assert those("uses_", 2) == {"splice"}
    assert those("makes_") == {"socket", "accept4", "socketcall" if compat else "accept"}
    assert those("protect_") == {"mprotect", "pkey_mprotect"}
    assert those("map_") == ({"mmap", "mmap2"} if compat else {"mmap"})
    assert those("pkey_") == {"pkey_mprotect"}


ARGUMENTS = """
u64 passed(int index)
{
	u64 above[] = {0, 107, 108};
	struct pt_regs regs = {.di = 101, .si = 102, .dx = 103, .cx = 104, .r8 = 105, .r9 = 106};
	regs.sp = (u64)above;
	return function_argument(&regs, index);
}
"""


def test_x86_function_arguments(tmp_path: Path) -> None:
    """From the seventh on they are on the stack, above the return address."""
    passed = compiled(tmp_path, X86, ARGUMENTS).passed
    assert [passed(index) for index in range(8)] == [*range(101, 109)]


@pytest.mark.parametrize("all_", [False, True])
def test_x86_registers_compat(tmp_path: Path, all_: bool) -> None:
    """The arguments of a 32-bit syscall have 32 bits, in other registers."""
    read = compiled(tmp_path, X86, READ).read_
    read.restype = ctypes.c_uint64
    assert [read(index, True, all_) for index in range(6)] == [1, 2, 3, 4, 5, 6]
    assert [read(index, False, all_) for index in range(3)] == [
        0xABCD00000005, 0xABCD00000004, 0xABCD00000003,
    ]  # fmt: skip


def test_arm64_registers(tmp_path: Path) -> None:
    """The first argument is kept apart: its register holds the result at the exit of a syscall."""
    seen = compiled(tmp_path, ARM64, STACK).seen
    assert [seen(index) for index in range(9)] == [99, 101, 102, 103, 104, 105, 221, 101, 1]


def test_arm64_table_is_current() -> None:
    script = runpy.run_path(str(ROOT / "tools" / "make_arm64_table.py"))
    if not script["HEADER"].exists():
        pytest.skip("asm-generic/unistd.h is not installed (package linux-libc-dev)")
    calls = [e for e in load_catalogue().values() if e.syscall and e.id < FIRST_NEW_CALL]
    listed = script["table"](script["HEADER"], {event.name: event.id for event in calls})
    assert listed == {n: id_ for n, id_ in arm64_events().items() if id_ < FIRST_NEW_CALL}


@pytest.mark.parametrize(
    ("number", "name"), [(56, "openat"), (79, "newfstatat"), (80, "fstat"), (203, "connect"),
                         (221, "execve"), (25, "fcntl"), (222, "mmap"), (448, "process_mrelease")],
)  # fmt: skip
def test_arm64_numbers(number: int, name: str) -> None:
    assert arm64_events()[number] == load_catalogue()[name].id
    assert len(arm64_events()) == len(set(arm64_events().values())) == 304 + 23


def test_syscall_numbers_header_is_current() -> None:
    script = runpy.run_path(str(ROOT / "tools" / "make_syscall_numbers.py"))
    text = (ROOT / "bpf" / "arch" / "syscall_nr.h").read_text(encoding="utf-8")
    assert script["header"]() == text, "run .venv/bin/python tools/make_syscall_numbers.py"


@pytest.mark.parametrize("header", [X86, ARM64])
def test_syscall_numbers_have_names(header: str) -> None:
    """No syscall number is compared with but by its name."""
    text = (ROOT / "bpf" / header).read_text(encoding="utf-8")
    assert not re.findall(r"number [<>=]=? \(?-?\d", text)
