# SPDX-License-Identifier: Apache-2.0
"""Tests of the symbolic forms of arguments, and of the tables of names."""

from __future__ import annotations

import mmap
import os
import socket
import stat
from collections.abc import Callable
from types import ModuleType

import pytest

from tracee_ref.decode.argument_text import FACTORIES, argument_formatter, symbolic_type
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.events.names import bits, values
from tracee_ref.signatures.registry import load_signatures


def formatter(dotted: str) -> Callable[[int], str] | None:
    event, name = dotted.split(".")
    argument = next(a for a in load_catalogue()[event].args if a.name == name)
    return argument_formatter(event, argument)


def symbolic(dotted: str, value: int) -> str:
    found = formatter(dotted)
    assert found is not None
    return found(value)


def kind(dotted: str) -> str:
    event, name = dotted.split(".")
    return symbolic_type(event, next(a for a in load_catalogue()[event].args if a.name == name))


@pytest.mark.parametrize(
    ("argument", "value", "expected"),
    [
        ("ptrace.request", 0, "PTRACE_TRACEME"),
        ("ptrace.request", 0x4206, "PTRACE_SEIZE"),
        ("ptrace.request", 10, ""),
        ("ptrace.request", -1, ""),
        ("openat.flags", 0, ""),
        ("openat.flags", os.O_CLOEXEC, "O_RDONLY|O_CLOEXEC"),
        ("open.flags", 3, "O_WRONLY"),
        ("open.flags", os.O_RDWR | os.O_CREAT | os.O_TRUNC, "O_RDWR|O_CREAT|O_TRUNC"),
        ("open.flags", os.O_DSYNC, "O_RDONLY"),
        ("open.flags", os.O_SYNC | os.O_DIRECT, "O_RDONLY|O_SYNC|O_DIRECT"),
        ("open.flags", os.O_TMPFILE | os.O_RDWR, "O_RDWR|O_DIRECTORY|O_TMPFILE"),
        (
            "open.flags",
            -1,
            "O_WRONLY|O_CREAT|O_EXCL|O_NOCTTY|O_TRUNC|O_APPEND|O_NONBLOCK|O_SYNC|FASYNC|O_LARGEFILE"
            "|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC|O_DIRECT|O_NOATIME|O_PATH|O_TMPFILE",
        ),
        ("sched_process_exec.stdin_type", stat.S_IFCHR, "S_IFCHR"),
        ("sched_process_exec.stdin_type", stat.S_IFSOCK, "S_IFSOCK"),
        ("sched_process_exec.stdin_type", stat.S_IFLNK, "S_IFLNK"),
        ("sched_process_exec.stdin_type", 0, ""),
        ("chmod.mode", 0o755, "S_IRWXU|S_IRGRP|S_IXGRP|S_IROTH|S_IXOTH"),
        ("fchmodat.mode", 0o4640, "S_IRUSR|S_IWUSR|S_IRGRP|S_ISUID"),
        ("mknod.mode", stat.S_IFIFO | 0o777, "S_IFIFO|S_IRWXU|S_IRWXG|S_IRWXO"),
        ("mmap.prot", 0, "PROT_NONE"),
        ("mprotect.prot", 7, "PROT_READ|PROT_WRITE|PROT_EXEC"),
        ("mprotect.prot", 0x1000008, "PROT_SEM|PROT_GROWSDOWN"),
        ("pkey_mprotect.prot", 0x41, "PROT_READ|0x40"),
        ("socket.domain", 10, "AF_INET6"),
        ("socket.domain", 999, ""),
        ("socket.type", 1, "SOCK_STREAM"),
        ("socket.type", 0o2004002, "SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC"),
        ("socket.type", 9, "9"),
        ("prctl.option", 15, "PR_SET_NAME"),
        ("prctl.option", 0x53564D41, "PR_SET_VMA"),
        ("access.mode", 0, "F_OK"),
        ("faccessat.mode", 6, "R_OK|W_OK"),
        ("execveat.flags", 0x1100, "AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH"),
        ("execveat.flags", 0, ""),
        ("clone.flags", 0x4111, "CLONE_VM|CLONE_VFORK|SIGCHLD"),
        ("clone.flags", 0x4100, "CLONE_VM|CLONE_VFORK"),
        ("clone.flags", 1 << 40 | 0x100, "CLONE_VM|0x10000000000"),
        ("clone.flags", 0, ""),
        ("bpf.cmd", 5, "BPF_PROG_LOAD"),
        ("bpf.cmd", 35, "BPF_PROG_BIND_MAP"),
        ("setsockopt.level", 1, "SOL_SOCKET"),
        ("setsockopt.optname", 26, "SO_ATTACH_FILTER"),
        ("getsockopt.optname", 26, "SO_GET_FILTER"),
        ("getsockopt.optname", 20, "SO_RCVTIMEO"),
        ("bpf_attach.prog_type", 2, "BPF_PROG_TYPE_KPROBE"),
        ("sys_enter.syscall", 257, "openat"),
        ("sys_enter.syscall", 9999, "9999"),
    ],
)
def test_printed_form(argument: str, value: int, expected: str) -> None:
    """Flags and enumerations have their names, with the type string."""
    assert symbolic(argument, value) == expected
    assert kind(argument) == "string"


@pytest.mark.parametrize("argument", ["ptrace.addr", "read.buf", "stat.statbuf", "getcwd.buf"])
def test_printed_address(argument: str) -> None:
    """Addresses are hexadecimal, and keep their type."""
    assert symbolic(argument, 0) == "0x0"
    assert symbolic(argument, 0x7FFDEADBEEF0) == "0x7ffdeadbeef0"
    assert kind(argument) != "string"


@pytest.mark.parametrize(
    "argument",
    ["openat.mode", "openat.dirfd", "openat.pathname", "openat2.dirfd", "close.fd", "ptrace.pid",
     "sched_process_exec.inode_mode", "sched_process_exec.dev", "sched_process_exit.exit_code",
     "cap_capable.cap", "faccessat2.mode", "connect.addr", "execve.argv", "pipe.pipefd"],
)  # fmt: skip
def test_printed_form_unchanged(argument: str) -> None:
    """Other arguments have no symbolic form."""
    assert formatter(argument) is None
    assert kind(argument) != "string"


def test_printed_arguments_exist() -> None:
    """Every symbolic form is of an argument of an event."""
    events = load_signatures([], pytest.fail).events
    arguments = {(e.name, a.name) for e in events.values() for a in e.args}
    assert set(FACTORIES) <= arguments


@pytest.mark.parametrize(
    ("table", "module", "prefix"),
    [
        ("open_flags", os, "O_"),
        ("protection", mmap, "PROT_"),
        ("access_mode", os, ""),
        ("permissions", stat, "S_I"),
        ("file_type", stat, "S_IF"),
    ],
)
def test_bits_equal_python(table: str, module: ModuleType, prefix: str) -> None:
    """Names of bits have the values of Python's modules."""
    ours = {n: v for n, v in bits(table) if n.startswith(prefix) and hasattr(module, n)}
    ours.pop("O_TMPFILE", None)  # Python's includes O_DIRECTORY
    ours.pop("O_LARGEFILE", None)  # 0 in the C library of x86-64
    assert len(ours) >= 3
    assert ours == {name: getattr(module, name) for name in ours}


@pytest.mark.parametrize(
    ("table", "prefix", "least"), [("address_family", "AF_", 20), ("socket_option", "SO_", 20)]
)
def test_values_equal_python(table: str, prefix: str, least: int) -> None:
    """Names of values have the values of Python's socket module."""
    ours = {name: value for value, name in values(table).items()}
    theirs = {n: v for n, v in vars(socket).items() if n.startswith(prefix) and n in ours}
    assert len(theirs) >= least
    assert {name: ours[name] for name in theirs} == {n: int(v) for n, v in theirs.items()}
