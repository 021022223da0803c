# SPDX-License-Identifier: Apache-2.0
"""Kernel structures that ``bpf/`` reads, with the names of fields in all versions."""

from __future__ import annotations

from typing import Final

from .btf import Btf, Fields


def _fields(*names: str, **others: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {name.replace(".", "_"): (name,) for name in names} | others


STRUCTURES: Final[Fields] = {
    "task_struct": _fields(
        "pid", "tgid", "real_parent", "group_leader", "start_boottime", "exit_code", "signal",
        "nsproxy", "thread_pid", "mm", "files", "flags", "stack", "cgroups", "comm", "cred",
    ),
    "cred": _fields("uid.val"),
    "signal_struct": _fields("live.counter", "pids"),
    "nsproxy": _fields("mnt_ns", "uts_ns"),
    "mnt_namespace": _fields("ns.inum"),
    "uts_namespace": _fields("name.nodename"),
    "pid_namespace": _fields("ns.inum"),
    "pid": _fields("level", "numbers"),
    "upid": _fields("nr", "ns"),
    "linux_binprm": _fields("file", "filename", "fdpath", "interp"),
    "file": _fields("f_path.mnt", "f_path.dentry", "f_inode"),
    "dentry": _fields("d_parent", "d_name.name", "d_name.len"),
    "mount": _fields("mnt", "mnt_parent", "mnt_mountpoint"),
    "super_block": _fields("s_dev"),
    "inode": _fields(
        "i_ino", "i_mode", "i_sb",
        # Linux v6.6, 13bc24457850 ("fs: rename i_ctime field to __i_ctime");
        # v6.11, 3aa63a569c64 ("fs: switch timespec64 fields in inode to discrete integers").
        ctime_sec=("i_ctime.tv_sec", "__i_ctime.tv_sec", "i_ctime_sec"),
        ctime_nsec=("i_ctime.tv_nsec", "__i_ctime.tv_nsec", "i_ctime_nsec"),
    ),
    "mm_struct": _fields("arg_start", "arg_end", "env_start", "env_end", "saved_auxv"),
    "vm_area_struct": _fields("vm_start", "vm_end", "vm_file"),
    "files_struct": _fields("fdt"),
    "fdtable": _fields("fd", "max_fds"),
    "css_set": _fields("subsys", "dfl_cgrp"),
    "cgroup_subsys_state": _fields("cgroup"),
    "cgroup": _fields("self.parent", "kn", "root"),
    "cgroup_root": _fields("hierarchy_id"),
    "kernfs_node": _fields("id", "name"),
}  # fmt: skip

VMA_LIST: Final[Fields] = {
    "mm_struct": _fields("mmap"),
    "vm_area_struct": _fields("vm_next"),
}
"""The mappings of a process are a list before Linux v6.1, 763ecb035029 ("mm: remove the vma linked
list")."""

X86: Final[Fields] = {
    "task_struct": _fields("thread_info.status"),
    "pt_regs": _fields(
        "di", "si", "dx", "r10", "r8", "r9", "bx", "cx", "bp", "ax", "orig_ax", "sp", "ss",
    ),
}  # fmt: skip
ARM64: Final[Fields] = {
    "task_struct": _fields("thread_info.flags"),
    "pt_regs": _fields(
        "orig_x0", "syscallno", regs=("user_regs.regs", "regs"), sp=("user_regs.sp", "sp")
    ),
}
"""Read by bpf/arch/x86.h and bpf/arch/arm64.h."""

MAPLE_TREE: Final[Fields] = {"mm_struct": _fields("mm_mt.ma_root")}

FILES: Final[Fields] = {
    "file": _fields("f_flags"),
    "inode": _fields("i_size"),
    "dentry": _fields("d_inode"),
    "path": _fields("mnt", "dentry"),
    "vm_area_struct": _fields("vm_flags"),
}
"""Read by events of kernel functions."""

SOCKET_ADDRESSES: Final[Fields] = {
    "socket": _fields("sk"),
    "sock": {
        "family": ("__sk_common.skc_family",),
        "rcv_saddr": ("__sk_common.skc_rcv_saddr",),
        "v6_rcv_saddr": ("__sk_common.skc_v6_rcv_saddr",),
        "bound_dev_if": ("__sk_common.skc_bound_dev_if",),
    },
    "inet_sock": _fields("inet_sport"),
    "unix_sock": _fields("addr"),
    "unix_address": _fields("len", "name"),
}

REMOTE_SOCKETS: Final[Fields] = {
    "file": _fields("private_data"),
    "sock": {
        "daddr": ("__sk_common.skc_daddr",),
        "dport": ("__sk_common.skc_dport",),
        "v6_daddr": ("__sk_common.skc_v6_daddr",),
    },
    "unix_sock": _fields("peer"),
}

TASK_COMM: Final[Fields] = {"task_struct": _fields("comm")}

SOCKET_OWNERS: Final[Fields] = {
    "file": _fields("private_data"),
    "socket": _fields("sk"),
    "socket_alloc": {"ino": ("vfs_inode.i_ino",)},
    "sock": _fields("sk_socket")
    | {
        "family": ("__sk_common.skc_family",),
        "state": ("__sk_common.skc_state",),
        "net": ("__sk_common.skc_net.net",),
        "type": ("sk_type",),
    },
    "sk_buff": _fields("dev"),
    "net_device": _fields("name"),
}
"""Read to find the socket of a packet or of a file descriptor."""

CREDENTIALS: Final[Fields] = {
    "cred": _fields(
        "uid.val", "gid.val", "suid.val", "sgid.val", "euid.val", "egid.val", "fsuid.val",
        "fsgid.val", "securebits", "cap_inheritable", "cap_permitted", "cap_effective",
        "cap_bset", "cap_ambient", "user_ns",
    ),
    "user_namespace": _fields("ns.inum"),
}  # fmt: skip


def merged(first: Fields, second: Fields) -> Fields:
    """Return the fields of both."""
    return {**first, **{name: {**first.get(name, {}), **second[name]} for name in second}}


def kernel_structures(btf: Btf) -> tuple[Fields, dict[str, str]]:
    """Return the structures that every program reads on this kernel, and its C constants."""
    arm64 = btf.has("pt_regs", "syscallno")
    constants = {"ARM64": "", "PT_REGS_SIZE": str(btf.size("pt_regs"))} if arm64 else {}
    if btf.function("bpf_get_current_task_btf"):
        constants |= {"TYPED_TASK": ""}
    structures = merged(STRUCTURES, ARM64 if arm64 else X86)
    if btf.has("mm_struct", "mmap"):
        return merged(structures, VMA_LIST), {**constants, "VMA_LIST": ""}
    return merged(structures, MAPLE_TREE), constants
