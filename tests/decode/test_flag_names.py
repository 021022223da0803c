# SPDX-License-Identifier: Apache-2.0
"""Tests of the symbolic forms of arguments, and of the tables of names."""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import resource
import runpy
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tracee_ref.decode.argument_text import FACTORIES, argument_formatter, symbolic_type
from tracee_ref.events.catalogue import data_file, load_catalogue
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
        ("ptrace.request", 10, "0xa"),
        ("ptrace.request", 21, "PTRACE_OLDSETOPTIONS"),
        ("ptrace.request", 25, "PTRACE_GET_THREAD_AREA"),
        ("ptrace.request", 31, "PTRACE_SYSEMU"),
        ("ptrace.request", 0x420F, "PTRACE_GET_RSEQ_CONFIGURATION"),
        ("ptrace.request", 0x4213, "0x4213"),
        ("ptrace.request", -1, "0xffffffffffffffff"),
        ("openat.flags", 0, "O_RDONLY"),
        ("openat.flags", os.O_CLOEXEC, "O_RDONLY|O_CLOEXEC"),
        ("open.flags", 3, "O_ACCMODE"),
        ("open.flags", os.O_RDWR | os.O_CREAT | os.O_TRUNC, "O_RDWR|O_CREAT|O_TRUNC"),
        ("open.flags", os.O_DSYNC, "O_RDONLY|O_DSYNC"),
        ("open.flags", 0o4000000, "O_RDONLY|__O_SYNC"),
        ("open.flags", 0o20000000, "O_RDONLY|__O_TMPFILE"),
        ("open.flags", 0o100000, "O_RDONLY|O_LARGEFILE"),
        ("open.flags", 5, "O_WRONLY|0x4"),
        ("open.flags", os.O_SYNC | os.O_DIRECT, "O_RDONLY|O_SYNC|O_DIRECT"),
        ("open.flags", os.O_TMPFILE | os.O_RDWR, "O_RDWR|O_TMPFILE"),
        (
            "open.flags",
            -1,
            "O_ACCMODE|O_CREAT|O_EXCL|O_NOCTTY|O_TRUNC|O_APPEND|O_NONBLOCK|O_SYNC|FASYNC|O_LARGEFILE"
            "|O_NOFOLLOW|O_CLOEXEC|O_DIRECT|O_NOATIME|O_PATH|O_TMPFILE|0xff80003c",
        ),
        ("sched_process_exec.stdin_type", stat.S_IFCHR, "S_IFCHR"),
        ("sched_process_exec.stdin_type", stat.S_IFSOCK, "S_IFSOCK"),
        ("sched_process_exec.stdin_type", stat.S_IFLNK, "S_IFLNK"),
        ("sched_process_exec.stdin_type", 0, "0"),
        ("chmod.mode", 0, "0"),
        ("mknod.mode", 0o170644, "S_IRUSR|S_IWUSR|S_IRGRP|S_IROTH|0xf000"),
        ("mknod.mode", 0o050000, "0x5000"),
        ("chmod.mode", 0o755, "S_IRWXU|S_IRGRP|S_IXGRP|S_IROTH|S_IXOTH"),
        ("fchmodat.mode", 0o4640, "S_IRUSR|S_IWUSR|S_IRGRP|S_ISUID"),
        ("mknod.mode", stat.S_IFIFO | 0o777, "S_IFIFO|S_IRWXU|S_IRWXG|S_IRWXO"),
        ("mmap.prot", 0, "PROT_NONE"),
        ("mprotect.prot", 7, "PROT_READ|PROT_WRITE|PROT_EXEC"),
        ("mprotect.prot", 0x1000008, "PROT_SEM|PROT_GROWSDOWN"),
        ("pkey_mprotect.prot", 0x41, "PROT_READ|0x40"),
        ("socket.domain", 10, "AF_INET6"),
        ("socket.domain", 999, "0x3e7"),
        ("socket.domain", -1, "0xffffffff"),
        ("socket.type", 1, "SOCK_STREAM"),
        ("socket.type", 0o2004002, "SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC"),
        ("socket.type", 9, "0x9"),
        ("socket.type", 0, "0"),
        ("socket.type", 0o2000000, "SOCK_CLOEXEC"),
        ("socket.type", 0x100001, "SOCK_STREAM|0x100000"),
        ("socket.type", -1, "SOCK_NONBLOCK|SOCK_CLOEXEC|0xfff7f7ff"),
        ("prctl.option", 15, "PR_SET_NAME"),
        ("prctl.option", 0x53564D41, "PR_SET_VMA"),
        ("prctl.option", 81, "PR_SET_CFI"),
        ("prctl.option", 99999, "0x1869f"),
        ("access.mode", 0, "F_OK"),
        ("access.mode", 15, "R_OK|W_OK|X_OK|0x8"),
        ("faccessat.mode", 6, "R_OK|W_OK"),
        ("execveat.flags", 0x1100, "AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH"),
        ("execveat.flags", 0, "0"),
        ("execveat.flags", 0x11180, "AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH|AT_EXECVE_CHECK|0x80"),
        ("clone.flags", 0x4111, "CLONE_VM|CLONE_VFORK|SIGCHLD"),
        ("clone.flags", 0x4100, "CLONE_VM|CLONE_VFORK"),
        ("clone.flags", 1 << 40 | 0x100, "CLONE_VM|0x10000000000"),
        ("clone.flags", 0, "0"),
        ("clone.flags", 1 << 40 | 0x811, "CLONE_SIGHAND|0x10000000000|SIGCHLD"),
        ("clone.flags", 0x840, "CLONE_SIGHAND|SIGRT_32"),
        ("clone.flags", 0x84D, "CLONE_SIGHAND|77"),
        ("bpf.cmd", 5, "BPF_PROG_LOAD"),
        ("bpf.cmd", 35, "BPF_PROG_BIND_MAP"),
        ("bpf.cmd", 38, "BPF_PROG_ASSOC_STRUCT_OPS"),
        ("bpf.cmd", 0x10005, "BPF_PROG_LOAD|BPF_COMMON_ATTRS"),
        ("bpf.cmd", 99, "0x63"),
        ("bpf.cmd", -1, "0xffffffff"),
        ("setsockopt.level", 1, "SOL_SOCKET"),
        ("setsockopt.optname", 26, "SO_ATTACH_FILTER"),
        ("setsockopt.optname", 999, "0x3e7"),
        ("setsockopt.level", 999, "0x3e7"),
        ("getsockopt.optname", 26, "SO_GET_FILTER"),
        ("getsockopt.optname", 20, "SO_RCVTIMEO"),
        ("bpf_attach.prog_type", 2, "BPF_PROG_TYPE_KPROBE"),
        ("fchmodat2.flags", 0x1100, "AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH"),
        ("fchmodat2.mode", 0o4711, "S_IRWXU|S_IXGRP|S_IXOTH|S_ISUID"),
        ("unlinkat.flags", 0x200, "AT_REMOVEDIR"),
        ("faccessat2.flag", 0x200, "AT_EACCESS"),
        ("statx.mask", 0xFFF, "STATX_ALL"),
        ("statx.mask", 0x17FF, "STATX_BASIC_STATS|STATX_MNT_ID"),
        ("statx.mask", 0, "0"),
        ("open_tree_attr.flags", 0x88001, "OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE"),
        ("futex_wake.flags", 0x82, "FUTEX2_SIZE_U32|FUTEX2_PRIVATE"),
        ("futex_wait.flags", 0x40, "FUTEX2_SIZE_U8|0x40"),
        ("futex.futex_op", 0x89, "FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG"),
        ("futex.futex_op", 99, "0x63"),
        ("map_shadow_stack.flags", 1, "SHADOW_STACK_SET_TOKEN"),
        ("lsm_set_self_attr.attr", 101, "LSM_ATTR_EXEC"),
        ("mmap.flags", 0x22, "MAP_PRIVATE|MAP_ANONYMOUS"),
        ("mmap.flags", 3, "MAP_SHARED_VALIDATE"),
        ("mount.mountflags", 0x5000, "MS_BIND|MS_REC"),
        ("umount2.flags", 10, "MNT_DETACH|UMOUNT_NOFOLLOW"),
        ("unshare.flags", 0x10020000, "CLONE_NEWNS|CLONE_NEWUSER"),
        ("setns.nstype", 0, "0"),
        ("setns.nstype", 0x80, "CLONE_NEWTIME"),
        ("kill.sig", 9, "SIGKILL"),
        ("kill.sig", 0, "0"),
        ("kill.sig", 99, "99"),
        ("rt_sigaction.signum", 34, "SIGRT_2"),
        ("fcntl.cmd", 1030, "F_DUPFD_CLOEXEC"),
        ("lseek.whence", 2, "SEEK_END"),
        ("clock_gettime.clockid", 1, "CLOCK_MONOTONIC"),
        ("clock_gettime.clockid", -6, "0xfffffffa"),
        ("getrusage.who", -1, "RUSAGE_CHILDREN"),
        ("prlimit64.resource", 7, "RLIMIT_NOFILE"),
        ("wait4.options", 0x40000001, "WNOHANG|__WALL"),
        ("waitid.idtype", 3, "P_PIDFD"),
        ("reboot.cmd", -0x76543211, "LINUX_REBOOT_CMD_CAD_ON"),
        ("socketcall.call", 3, "SYS_CONNECT"),
        ("ipc.call", 0x1000C, "MSGRCV|0x10000"),
        ("sched_setscheduler.policy", 0x40000001, "SCHED_FIFO|SCHED_RESET_ON_FORK"),
        ("mbind.mode", 0x8003, "MPOL_INTERLEAVE|MPOL_F_STATIC_NODES"),
        ("sendto.flags", 0x4040, "MSG_DONTWAIT|MSG_NOSIGNAL"),
        ("shutdown.how", 2, "SHUT_RDWR"),
        ("shutdown.how", 3, "0x3"),
        ("accept4.flags", 0o2004000, "SOCK_NONBLOCK|SOCK_CLOEXEC"),
        ("pipe2.flags", os.O_CLOEXEC, "O_CLOEXEC"),
        ("pipe2.flags", 0, "0"),
        ("memfd_create.flags", 3, "MFD_CLOEXEC|MFD_ALLOW_SEALING"),
        ("seccomp.operation", 1, "SECCOMP_SET_MODE_FILTER"),
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
     "cap_capable.cap", "connect.addr", "execve.argv", "pipe.pipefd"],
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


WORDS = (0, 1, -1, -(1 << 31), (1 << 31) - 1, *(1 << bit for bit in range(31)), 0xF000, 0x12345)


@pytest.mark.parametrize("dotted", sorted(FACTORIES))
def test_printed_form_not_empty(dotted: tuple[str, str]) -> None:
    """Every value of an enumeration or a flag word has a form."""
    formatter = FACTORIES[dotted]()
    assert all(formatter(word) for word in WORDS)


@pytest.mark.parametrize(
    ("table", "module", "prefix"),
    [
        ("open_flags", os, "O_"),
        ("protection", mmap, "PROT_"),
        ("access_mode", os, ""),
        ("permissions", stat, "S_I"),
    ],
)
def test_bits_equal_python(table: str, module: ModuleType, prefix: str) -> None:
    """Names of bits have the values of Python's modules."""
    ours = {n: v for n, v in bits(table) if n.startswith(prefix) and hasattr(module, n)}
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


ROOT = Path(__file__).parents[2]


def test_tables_once() -> None:
    """A table is in one of the two data files."""
    names, flags = (json.loads(data_file(f"{name}.json")) for name in ("names", "flags"))
    assert all(not names[kind].keys() & flags[kind].keys() for kind in ("values", "bits"))


@pytest.mark.parametrize(
    ("kind", "table", "module", "prefix"),
    [
        ("values", "clock", time, "CLOCK_"),
        ("values", "fcntl", fcntl, "F_"),
        ("values", "rlimit", resource, "RLIMIT_"),
        ("bits", "map_flags", mmap, "MAP_"),
        ("bits", "message", socket, "MSG_"),
        ("bits", "splice", os, "SPLICE_F_"),
        ("bits", "rwf", os, "RWF_"),
        ("bits", "getrandom", os, "GRND_"),
        ("values", "seek", os, "SEEK_"),
        ("values", "fadvise", os, "POSIX_FADV_"),
        ("values", "madvise", mmap, "MADV_"),
        ("values", "wait_id", os, "P_"),
    ],
)
def test_flags_equal_python(kind: str, table: str, module: ModuleType, prefix: str) -> None:
    """Names have the values that Python's modules have."""
    ours = json.loads(data_file("flags.json"))[kind][table]
    theirs = {n: v for n, v in vars(module).items() if n in ours and n.startswith(prefix)}
    different = {"F_GETLK": 5, "F_SETLK": 6, "F_SETLKW": 7}  # of 64 bits, with other numbers
    assert theirs
    assert all(ours[name] == value for name, value in theirs.items() if name not in different)


@pytest.mark.parametrize("table", ["prctl_option", "bpf_cmd", "bpf_prog_type"])
def test_values_of_installed_headers(table: str) -> None:
    """Every value in the headers of this machine has a name."""
    script = runpy.run_path(str(ROOT / "tools" / "make_names.py"))
    (source,) = script["SOURCES"][table]
    header = Path("/usr/include") / source.header.removeprefix("include/uapi/")
    if not header.exists():
        pytest.skip("the kernel's headers are not installed (package linux-libc-dev)")
    found = script["names"](header.read_text(), source)
    assert len(found) > 20
    assert set(found.values()) <= values(table).keys()
