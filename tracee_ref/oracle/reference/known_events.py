# SPDX-License-Identifier: Apache-2.0
"""Events that flags may name in the oracle, also those tracee-ref cannot deliver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Final

from ...events.catalogue import SIGNATURE_IDS, EventDefinition, load_catalogue

FIRST_SIGNATURE_ID: Final = 6000

SIGNATURES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        name: tuple(needed.split())
        for name, needed in {
            "stdio_over_socket": "security_socket_connect socket_dup",
            "k8s_api_connection": "sched_process_exec security_socket_connect",
            "aslr_inspection": "security_file_open",
            "proc_mem_code_injection": "security_file_open",
            "docker_abuse": "security_file_open security_socket_connect",
            "scheduled_task_mod": "security_file_open security_inode_rename sched_process_exec",
            "ld_preload": "sched_process_exec security_file_open security_inode_rename",
            "cgroup_notify_on_release": "security_file_open",
            "default_loader_mod": "security_file_open security_inode_rename",
            "sudoers_modification": "security_file_open security_inode_rename",
            "sched_debug_recon": "security_file_open",
            "system_request_key_mod": "security_file_open",
            "cgroup_release_agent": "security_file_open security_inode_rename",
            "rcd_modification": "security_file_open security_inode_rename sched_process_exec",
            "core_pattern_modification": "security_file_open",
            "proc_kcore_read": "security_file_open",
            "proc_mem_access": "security_file_open",
            "hidden_file_created": "magic_write",
            "anti_debugging": "ptrace",
            "ptrace_code_injection": "ptrace",
            "process_vm_write_inject": "process_vm_writev",
            "disk_mount": "security_sb_mount",
            "dynamic_code_loading": "mem_prot_alert",
            "fileless_execution": "sched_process_exec",
            "illegitimate_shell": "security_bprm_check",
            "kernel_module_loading": "init_module security_kernel_read_file",
            "k8s_cert_theft": "security_file_open security_inode_rename",
            "proc_fops_hooking": "hooked_proc_fops",
            "syscall_hooking": "hooked_syscalls",
            "dropped_executable": "magic_write",
        }.items()
    }
)
"""Signature event -> events that it needs, in the order of ids (Tracee v0.12 facts, 5.5)."""

SIGNATURE_SETS: Final = frozenset({"signatures", "default"})


def any_event(name: str) -> EventDefinition:
    """Return the event at a hook that a flag names: as those of signatures, with any arguments."""
    return EventDefinition(SIGNATURE_IDS[-1], name, False, frozenset(), (), True)


@cache
def known_events() -> Mapping[str, EventDefinition]:
    """Return the whole catalogue as available, with the signature events of Tracee v0.12."""
    built_in = {name: replace(event, available=True) for name, event in load_catalogue().items()}
    signatures = {
        name: EventDefinition(FIRST_SIGNATURE_ID + index, name, False, SIGNATURE_SETS, (), True)
        for index, name in enumerate(SIGNATURES)
    }
    return MappingProxyType({**built_in, **signatures})
