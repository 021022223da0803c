# SPDX-License-Identifier: Apache-2.0
"""Events that happen in functions of the kernel: what they need of it.

System calls and tracepoints are there on every kernel; to watch a function a kernel must have
a hook for it (tracee_ref/kernel/attach/features.py), and the function itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SECURITY_HOOKS: Final = (
    "security_bprm_check security_file_open security_inode_unlink security_socket_create"
    " security_socket_listen security_socket_connect security_socket_accept"
    " security_socket_bind security_socket_setsockopt security_sb_mount security_bpf"
    " security_bpf_map security_kernel_read_file security_inode_mknod"
    " security_kernel_post_read_file security_inode_symlink security_mmap_file"
    " security_file_mprotect security_inode_rename"
)
"""Events that are named after the function that asks the security modules (facts, 5.1)."""

FUNCTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {name: (name,) for name in SECURITY_HOOKS.split()}
    | {name: (name,) for name in ("do_exit", "cap_capable")}
    | {
        "magic_write": ("vfs_write", "vfs_writev"),
        "mem_prot_alert": ("security_mmap_addr", "security_file_mprotect"),
    }
)
"""The functions of the kernel that each event needs."""

CGROUPS: Final = ("cgroup_mkdir", "cgroup_rmdir", "cgroup_attach_task")
RAW_EVENTS: Final = (*CGROUPS, "task_rename")
"""Events at raw tracepoints of their name; their records are like those of functions."""

CALL_ENDS: Final = ("socket_dup",)
"""Events at the end of system calls that are not those calls; their records are alike, too."""
