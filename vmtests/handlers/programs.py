# SPDX-License-Identifier: Apache-2.0
"""Instruction counts of this kernel's verifier for the tracer's programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

from tracee_ref.derivation.graph import kernel_scopes
from tracee_ref.events.catalogue import all_events, declared_event, load_catalogue
from tracee_ref.events.declarations import DYNAMIC_IDS
from tracee_ref.events.declared_rows import read_declaration
from tracee_ref.events.function_events import FUNCTIONS, RAW_TRACEPOINT_EVENTS
from tracee_ref.filters.parse import parse_filters
from tracee_ref.kernel.attach.syscall_hooks import can_make_32_bit_calls, choose_syscall_hook
from tracee_ref.kernel.build.btf import Btf, Fields
from tracee_ref.kernel.plan import KernelPlan, Settings
from tracee_ref.kernel.tracer import KernelTracer
from tracee_ref.model.scope import Scope
from vmtests.handlers import Reply, handler
from vmtests.verifier import verified_by_program

PROCESS_FILTERS = (
    "comm=a*,*b,*c*,d",
    "uts=a*,*b,*c*,d",
    "pid=new",
    "mntns!=5",
    "pidns!=7",
    "tree!=88",
    "binary=/bin/ls",
    "follow",
    "container!=abc",
)

EVERYTHING = (
    "set=syscalls",
    "event=sched_process_fork,sched_process_exec,sched_process_exit,sys_enter,sys_exit",
    "event=net_packet_dns,net_packet_http",
    *PROCESS_FILTERS,
    "uid=5",
    "pid!=7",
    "openat.retval<0",
    "sys_exit.retval<0",
    "openat.args.pathname=/etc/*",
    "execve.args.pathname!=/bin/ls",
    "mount.args.source=a*",
    "mount.args.filesystemtype=a",
    "linkat.args.newpath=/a",
    "fanotify_mark.args.pathname=/a",
    "64:event=sched_process_fork",
)
"""Flags with every kind of filter and every event but those of kernel functions.  With the last
scope the programs go through the shares of all 64 (bpf/lib/shares.h).  Filters on ids have single
values, for which the verifier needs more instructions than for ``<`` and ``>``."""

FUNCTION_EVENTS = (
    f"event={','.join([*FUNCTIONS, *RAW_TRACEPOINT_EVENTS])}",
    *PROCESS_FILTERS,
    "uid>5",
    "pid>7",
    "security_file_open.args.pathname=/etc/*",
    "security_inode_rename.args.new_path!=/bin/ls",
    "security_sb_mount.args.type=a*",
    "security_file_open.args.syscall_pathname=a",
    "cgroup_mkdir.args.cgroup_path=/a*",
    "task_rename.args.new_name=a*",
    "cgroup_attach_task.args.comm!=a",
    "64:event=security_file_open",
)
"""Flags with the events of kernel functions, and filters on processes and every string slot."""


@handler
def verified() -> Reply:
    """Return the number of instructions that the verifier processes, by program."""
    return counted(EVERYTHING)


@handler
def verified_functions() -> Reply:
    """Return the number of instructions for the events of kernel functions, by program."""
    return counted(FUNCTION_EVENTS)


@handler
def syscall_hooks(*, calls: list[str]) -> Reply:
    """Return the hooks for native and for all syscalls, and if 32-bit syscalls are possible."""
    events = [load_catalogue()[name] for name in calls]
    native, all_ = (choose_syscall_hook(events, compat=compat)[0].name for compat in (False, True))
    return {"native": native, "all": all_, "possible": can_make_32_bit_calls()}


class Arm64Types(Btf):
    """This kernel's types, with the ``pt_regs`` of arm64."""

    def has(self, struct: str, field: str) -> bool:
        return field == "syscallno" if struct == "pt_regs" else super().has(struct, field)

    def size(self, struct: str) -> int:
        return 336 if struct == "pt_regs" else super().size(struct)

    def declarations(self, structures: Fields) -> str:
        others = {name: fields for name, fields in structures.items() if name != "pt_regs"}
        return f"{ARM64_REGISTERS}\n{super().declarations(others)}"


ARM64_REGISTERS = "struct pt_regs { char regs[248]; u64 sp, rest[2]; u64 orig_x0; s32 syscallno; };"


@handler
def verified_for_arm64() -> Reply:
    """Return the instruction counts of the programs compiled for arm64, on this kernel."""
    with patch("tracee_ref.kernel.tracer.types", Arm64Types):
        return counted([*EVERYTHING, *FUNCTION_EVENTS[:1]])


def counted(flags: Sequence[str]) -> Reply:
    scopes = kernel_scopes(parse_filters(flags, load_catalogue()), all_events())
    plan = KernelPlan(Settings(scopes=scopes, exec_env=True))
    tracer = KernelTracer(plan)
    try:
        return {"programs": verified_by_program(plan, tracer.program)}
    finally:
        tracer.close()


CONVERSIONS = (
    {"name": "p", "from": "file", "as": "path"},
    {"name": "q", "from": "file.f_path", "as": "path"},
    {"name": "e", "from": "file.f_path.dentry", "as": "entry_path", "optional": True},
    {"name": "s", "from": "file.f_inode.i_sb.s_id", "as": "string"},
    {"name": "b", "from": "buf", "as": "user_bytes", "length": "count"},
    {"name": "k", "from": "pos", "as": "bytes", "length": 8},
    {"name": "l", "from": "file.private_data:socket", "as": "local_address"},
    {"name": "r", "from": "file.private_data:socket.sk", "as": "remote_address"},
    {"name": "d", "from": "file.f_inode.i_sb", "as": "device"},
    {"name": "t", "from": "file.f_inode", "as": "time"},
    {"name": "c", "from": "file.f_cred", "as": "credentials"},
    {"name": "o", "type": "void*", "from": "file.f_op", "as": "symbol"},
)
MORE_CONVERSIONS = (
    {"name": "u", "from": "buf", "as": "user_string"},
    {"name": "a", "from": "buf", "as": "sockaddr", "length": "count"},
    {"name": "y", "from": "$syscall_arg1", "as": "enum", "names": "address_family"},
    {"name": "w", "type": "int", "from": "$socket_argument"},
    {"name": "v", "from": "$path_argument", "as": "user_string"},
    {"name": "m", "type": "u64", "from": "$mprotect_addr"},
    {"name": "z", "type": "int", "from": "$cpu"},
    {"name": "g", "type": "int", "from": "$task.tgid"},
    {"name": "n", "type": "long", "from": "file.f_inode.i_uid"},
    {"name": "h", "from": "file", "as": "path", "at_return": True},
)


@handler
def verified_conversions() -> Reply:
    """Return the instruction counts of events with every conversion and source."""
    joined = "kprobe+kretprobe"
    rows: list[dict[str, Any]] = [
        {"name": "first", "hook": joined, "at": "vfs_read", "arguments": [*CONVERSIONS]},
        {"name": "more", "hook": joined, "at": "vfs_read", "arguments": [*MORE_CONVERSIONS]},
        {
            "name": "back",
            "hook": "kretprobe",
            "at": "vfs_read",
            "if": "$retval",
            "arguments": [{"name": "n", "type": "long", "from": "$retval"}],
        },
    ]
    events = [
        declared_event(read_declaration(row, DYNAMIC_IDS[index])) for index, row in enumerate(rows)
    ]
    catalogue = {**all_events(), **{event.name: event for event in events}}
    scopes = [Scope(1, frozenset(event.name for event in events))]
    plan = KernelPlan(Settings(scopes=scopes, catalogue=catalogue))
    tracer = KernelTracer(plan)
    try:
        return {"programs": verified_by_program(plan, tracer.program)}
    finally:
        tracer.close()
