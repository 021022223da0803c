# SPDX-License-Identifier: Apache-2.0
"""Events at kernel functions and raw tracepoints, and the hooks that they need.

Every kernel has system calls and tracepoints; a function event needs kprobes
(tracee_ref/kernel/attach/features.py) and the function itself.
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
"""Events named after the function that calls the security modules.

See docs/design/tracee-v0.12-facts.md, 5.1.
"""

FUNCTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {name: (name,) for name in SECURITY_HOOKS.split()}
    | {name: (name,) for name in ("do_exit", "cap_capable")}
    | {
        "magic_write": ("vfs_write", "vfs_writev"),
        "mem_prot_alert": ("security_mmap_addr", "security_file_mprotect"),
    }
)
"""Kernel functions that each event hooks."""

CGROUPS: Final = ("cgroup_mkdir", "cgroup_rmdir", "cgroup_attach_task")
RAW_TRACEPOINT_EVENTS: Final = (*CGROUPS, "task_rename")
"""Events at raw tracepoints of the same name, with records like those of functions."""

CALL_ENDS: Final = ("socket_dup",)
"""Events at the exit of syscalls other than the syscall itself, with such records, too."""
