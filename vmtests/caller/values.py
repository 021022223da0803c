# SPDX-License-Identifier: Apache-2.0
"""Tables of the generated programs: calls, values and compilers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

LEFT_OUT: Final = frozenset(
    {
        *("exit", "exit_group", "pause", "idle", "sigreturn", "rt_sigreturn", "sigsuspend"),
        *("fork", "vfork", "kill", "reboot", "vhangup", "sync"),
        "uretprobe",
    }
)
"""Syscalls that end or stop the program, make another one, or change the machine.

uretprobe() outside of its trampoline is a SIGILL.
"""

CHANGES_IDS: Final = re.compile(r"set(re|res|fs)?[ug]id(16)?|setgroups(16)?|setsid|nice")
"""Called last: the program may be another user's afterwards."""

WIDE: Final = {
    "pread64": ["offset"], "pwrite64": ["offset"], "truncate64": ["length"],
    "ftruncate64": ["length"], "readahead": ["offset"], "fadvise64": ["offset"],
    "fadvise64_64": ["offset", "len"], "sync_file_range": ["offset", "nbytes"],
    "fallocate": ["offset", "len"], "fanotify_mark": ["mask"], "lookup_dcookie": ["cookie"],
}  # fmt: skip
"""Arguments of type loff_t or u64."""

C_TYPES: Final = {
    **dict.fromkeys(("long", "off_t"), "k_long"),
    **dict.fromkeys(("unsigned long", "size_t"), "k_ulong"),
    **dict.fromkeys(
        ("unsigned int", "u32", "uid_t", "gid_t", "qid_t", "mode_t", "dev_t"), "k_uint"
    ),
    **dict.fromkeys(("old_uid_t", "old_gid_t", "old_old_uid_t", "umode_t"), "k_ushort"),
    **dict.fromkeys(
        ("int", "pid_t", "key_t", "key_serial_t", "mqd_t", "timer_t", "clockid_t",
         "const clockid_t", "landlock_rule_type"),
        "k_int",
    ),
    "loff_t": "k_wide",
    "u64": "k_uwide",
}  # fmt: skip
"""Types of caller.h; all others are addresses."""

VALUES_32: Final = {
    "k_int": "-{0}", "k_uint": "0xf1230000u + {0}", "k_ushort": "0xa000 + {0}",
    "k_long": "-(0x12340000 + {0})", "k_ulong": "0xfffff000u + {0} % 4080",
    "k_wide": "-(0x1234567800000000ll + {0})", "k_uwide": "0xf234567812340000ull + {0}",
    "address": "0x1000 + {0}",
}  # fmt: skip
VALUES_64: Final = {
    **VALUES_32, "k_long": "-(0x1234567800000000ll + {0})",
    "k_ulong": "0xfedcba9800000000ull + {0}", "address": "0xdead000000000000ull + {0}",
}  # fmt: skip
"""C expressions of values, by type; the number is different for each argument."""

FIXED: Final = {
    ("clone", "flags"): "0x80000800u",  # CLONE_SIGHAND without CLONE_VM is invalid
    ("personality", "persona"): "0xffffffffu",  # asks only
    **{
        (call, call[:3] + "flg"): "-4096" for call in ("semget", "shmget", "msgget")
    },  # no IPC_CREAT
}
"""Values of arguments that would have an effect."""

SOCKADDR_TEXT: Final = "127.0.0.1:4660"
STRINGS_TEXT: Final = "first|and second"


STRUCTURES: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "open_how": (("u64", "flags"), ("u64", "mode"), ("u64", "resolve")),
    "clone_args": tuple(
        ("u64", name)
        for name in (
            *("flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size"),
            *("tls", "set_tid", "set_tid_size", "cgroup"),
        )
    ),
    "mount_attr": tuple(
        ("u64", name) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")
    ),
    "landlock_ruleset_attr": tuple(
        ("u64", name) for name in ("handled_access_fs", "handled_access_net", "scoped")
    ),
    "xattr_args": (("u64", "value"), ("u32", "size"), ("u32", "flags")),
    "file_attr": (
        ("u64", "fa_xflags"), ("u32", "fa_extsize"), ("u32", "fa_nextents"), ("u32", "fa_projid"),
        ("u32", "fa_cowextsize"),
    ),
    "lsm_ctx": (
        ("u64", "id"), ("u64", "flags"), ("u64", "len"), ("u64", "ctx_len"), ("char", "ctx[8]"),
    ),
    "sched_attr": (
        ("u32", "size"), ("u32", "sched_policy"), ("u64", "sched_flags"), ("s32", "sched_nice"),
        ("u32", "sched_priority"), ("u64", "sched_runtime"), ("u64", "sched_deadline"),
        ("u64", "sched_period"),
    ),
    "mnt_id_req": (
        ("u32", "size"), ("u32", "mnt_ns_fd"), ("u64", "mnt_id"), ("u64", "param"),
    ),
    "ns_id_req": (
        ("u32", "size"), ("u32", "spare"), ("u64", "ns_id"), ("u32", "ns_type"),
        ("u32", "spare2"), ("u64", "user_ns_id"),
    ),
    "cachestat_range": (("u64", "off"), ("u64", "len")),
    "__kernel_timespec": (("s64", "tv_sec"), ("s64", "tv_nsec")),
    "futex_waitv": (("u64", "val"), ("u64", "uaddr"), ("u32", "flags"), ("u32", "__reserved")),
}  # fmt: skip
"""Members of the structures of linux/*.h, as C types and names."""

GIVEN: Final = {
    **dict.fromkeys((("setxattrat", "uargs"), ("getxattrat", "uargs")), 1),
    **dict.fromkeys((("mount_setattr", "uattr"), ("open_tree_attr", "uattr")), 1),
    **dict.fromkeys((("statmount", "req"), ("listmount", "req"), ("listns", "req")), 1),
    **dict.fromkeys((("futex_wait", "timeout"), ("futex_waitv", "timeout")), 1),
    **dict.fromkeys((("futex_requeue", "waiters"), ("futex_waitv", "waiters")), 2),
    **dict.fromkeys((("openat2", "how"), ("clone3", "cl_args"), ("sched_setattr", "attr")), 1),
    **dict.fromkeys((("landlock_create_ruleset", "attr"), ("file_setattr", "ufattr")), 1),
    **dict.fromkeys((("lsm_set_self_attr", "ctx"), ("cachestat", "cstat_range")), 1),
}
"""Structures that a syscall reads, by its argument; of some there are two."""

LENGTHS: Final = {
    ("openat2", "size"), ("clone3", "size"), ("mount_setattr", "usize"),
    ("open_tree_attr", "usize"), ("landlock_create_ruleset", "size"), ("setxattrat", "usize"),
    ("getxattrat", "usize"), ("file_setattr", "usize"), ("lsm_set_self_attr", "size"),
}  # fmt: skip
"""Arguments with the length of the structure before them."""


class Machine(NamedTuple):
    """An ABI: compiler flags, and the rules for words (see WIDE)."""

    flags: Sequence[str]
    is_32_bit: bool
    aligned: bool = False


MACHINES: Final[Mapping[str, Machine]] = {
    "x86-64": Machine((), is_32_bit=False),
    "i386": Machine(("-m32",), is_32_bit=True),
    "vdso": Machine(("-m32", "-DVDSO", "-fno-omit-frame-pointer"), is_32_bit=True),
    "int80": Machine(("-DINT80", "-mno-red-zone"), is_32_bit=True),
}
"""``vdso`` enters the kernel as a C library does; ``int80`` is a 64-bit program that makes the
syscalls of i386."""

SOCKETCALLS: Final = (
    ("socket", 3), ("bind", 3), ("connect", 3), ("listen", 2), ("accept", 3), ("getsockname", 3),
    ("getpeername", 3), ("socketpair", 4), ("sendto", 4), ("recvfrom", 4), ("sendto", 6),
    ("recvfrom", 6), ("shutdown", 2), ("setsockopt", 5), ("getsockopt", 5), ("sendmsg", 3),
    ("recvmsg", 3), ("accept4", 4), ("recvmmsg_time32", 5), ("sendmmsg", 4),
)  # fmt: skip
"""Syscalls of socketcall from 1 on, and the length of their arrays; send and recv are sendto and
recvfrom without an address."""

IPC_REGISTERS: Final = ("first", "second", "third", "ptr", "fifth")
IPC_CALLS: Final = (
    (1, "semop", "first", "ptr", "second"),
    (2, "semget", "first", "second", "third"),
    (3, "semctl", "first", "second", "third", "*ptr"),
    (4, "semtimedop", "first", "ptr", "second", "fifth"),
    (11, "msgsnd", "first", "ptr", "second", "third"),
    (12, "msgrcv", "first", "ptr", "second", "fifth", "third"),
    (13, "msgget", "first", "second"),
    (14, "msgctl", "first", "second", "ptr"),
    (21, "shmat", "first", "ptr", "second"),
    (22, "shmdt", "ptr"),
    (23, "shmget", "first", "second", "third"),
    (24, "shmctl", "first", "second", "ptr"),
)
"""Syscalls of ipc, and the registers of their arguments (ipc/syscall.c); the message and type of
msgrcv are in memory in version 0."""
