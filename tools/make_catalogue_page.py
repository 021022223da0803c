# SPDX-License-Identifier: Apache-2.0
"""Generator of docs/reference/catalogue.md, the page of Tracee v0.12's events.

Usage: ``python tools/make_catalogue_page.py``.  Available events come from the code; each missing
event has a reason below, and no other event has (tests/events/test_catalogue_page.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from textwrap import fill

from tracee_ref.events.catalogue import (
    AT_START,
    FIRST_NEW_CALL,
    PACKETS,
    EventDefinition,
    all_events,
)
from tracee_ref.events.function_events import CALL_ENDS, RAW_TRACEPOINT_EVENTS
from tracee_ref.signatures.registry import BUILTIN

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "catalogue.md"
WIDTH = 120

BASES = "one record per packet (`net_packet_ip_base`) serves all its events"
ADDRESSES = (
    "reports addresses of kernel code, which only `/proc/kallsyms` and the list of"
    " modules attribute to an owner"
)
SAME = "covered by"
CAPTURE = "saves data next to the events (`--capture`): not implemented"


def because(reason: str, names: str) -> dict[str, str]:
    """Return the reason for each of the names."""
    return dict.fromkeys(names.split(), reason)


MISSING: dict[str, str] = {
    **because(
        BASES,
        "net_packet_base net_packet_tcp_base net_packet_udp_base net_packet_icmp_base"
        " net_packet_icmpv6_base",
    ),
    **because(CAPTURE, "capture_file_write capture_exec capture_module capture_mem"),
    **because(
        ADDRESSES,
        "hooked_proc_fops hooked_syscalls hooked_seq_ops print_syscall_table print_net_seq_ops"
        " kallsyms_lookup_name",
    ),
    "commit_creds": f"{SAME} the system calls that change credentials, without its `slim_cred_t`",
    "switch_task_ns": f"{SAME} `setns` and `unshare`",
    "hidden_inodes": "needs the buffer that getdents64 filled",
    "proc_create": "not implemented",
    "kprobe_attach": "not implemented",
    "call_usermodehelper": "not implemented",
    "dirty_pipe_splice": "about a bug of Linux 5.8 to 5.16 that is fixed",
    "debugfs_create_file": "not implemented",
    "debugfs_create_dir": "not implemented",
    "device_add": "not implemented",
    "register_chrdev": "needs the return value of the function",
    "do_init_module": "not implemented",
    "print_mem_dump": "dumps kernel memory by name or address",
    "load_elf_phdrs": f"{SAME} `sched_process_exec` (`interpreter_pathname`)",
    "do_sigaction": f"{SAME} `rt_sigaction`, without the structures that its pointers refer to",
    "bpf_attach": f"{SAME} `bpf` and `security_bpf`, without the symbol",
    "do_mmap": f"{SAME} `mmap` and `security_mmap_file`",
    "vfs_utimes": f"{SAME} `utimensat`, `utimes`, `utime` and `futimesat`",
    "do_truncate": f"{SAME} `truncate`, `ftruncate` and `open` with O_TRUNC",
    "file_modification": "needs the time of the file before and after",
}

SIGNATURES: dict[int, tuple[str, str]] = {
    6000: ("stdio_over_socket", "security_socket_connect socket_dup"),
    6001: ("k8s_api_connection", "sched_process_exec security_socket_connect"),
    6002: ("aslr_inspection", "security_file_open"),
    6003: ("proc_mem_code_injection", "security_file_open"),
    6004: ("docker_abuse", "security_file_open security_socket_connect"),
    6005: ("scheduled_task_mod", "security_file_open security_inode_rename sched_process_exec"),
    6006: ("ld_preload", "sched_process_exec security_file_open security_inode_rename"),
    6007: ("cgroup_notify_on_release", "security_file_open"),
    6008: ("default_loader_mod", "security_file_open security_inode_rename"),
    6009: ("sudoers_modification", "security_file_open security_inode_rename"),
    6010: ("sched_debug_recon", "security_file_open"),
    6011: ("system_request_key_mod", "security_file_open"),
    6012: ("cgroup_release_agent", "security_file_open security_inode_rename"),
    6013: ("rcd_modification", "security_file_open security_inode_rename sched_process_exec"),
    6014: ("core_pattern_modification", "security_file_open"),
    6015: ("proc_kcore_read", "security_file_open"),
    6016: ("proc_mem_access", "security_file_open"),
    6017: ("hidden_file_created", "magic_write"),
    6018: ("anti_debugging", "ptrace"),
    6019: ("ptrace_code_injection", "ptrace"),
    6020: ("process_vm_write_inject", "process_vm_writev"),
    6021: ("disk_mount", "security_sb_mount"),
    6022: ("dynamic_code_loading", "mem_prot_alert"),
    6023: ("fileless_execution", "sched_process_exec"),
    6024: ("illegitimate_shell", "security_bprm_check"),
    6025: ("kernel_module_loading", "init_module security_kernel_read_file"),
    6026: ("k8s_cert_theft", "security_file_open security_inode_rename"),
    6027: ("proc_fops_hooking", "hooked_proc_fops"),
    6028: ("syscall_hooking", "hooked_syscalls"),
    6029: ("dropped_executable", "magic_write"),
}
"""Signatures of Tracee v0.12: the name, and the events that each needs.

docs/design/tracee-v0.12-facts.md, section 5.5.
"""

HEAD = """\
# Catalogue

For users who look for an event, and for those who come from Tracee v0.12: its events, and which of
them tracee-ref has.

    $ tracee-ref --list

prints the events with their sets and arguments, and those that your kernel does not support.
`tools/make_catalogue_page.py` generates this page from the code.
"""

NEW_CALLS = """\
Ids are the number of the system call on x86-64, and 10000: no version of Tracee has ids from there
on. Names and types are those of the kernel. `tools/make_syscalls.py` reads them in a guest of the
newest kernel of the [matrix](kernels.md); `vmtests/test_syscalls.py` finds calls that are missing.
"""


def origin(event: EventDefinition) -> str:
    """Return the hook of an event, or its bases; empty if it is missing."""
    if not event.available:
        return ""
    if event.bases:
        return f"derived from {', '.join(event.bases)}"
    if event.name in AT_START:
        return "reported when tracing begins"
    if event.name in PACKETS:
        return "packets of a cgroup (v2)"
    if event.name in CALL_ENDS:
        return "exit of system calls"
    if event.functions:
        return f"kernel function {', '.join(event.functions)}"
    kind = "raw tracepoint" if event.name in RAW_TRACEPOINT_EVENTS else "tracepoint"
    return f"{kind} {event.name}"


def rows(events: Iterable[EventDefinition]) -> list[str]:
    """Return the rows of events that are no system calls."""
    return [
        f"| {event.id} | {event.name}{' (internal)' if event.internal else ''} |"
        f" {origin(event) or '**missing**: ' + MISSING[event.name]} |"
        for event in events
    ]


def signature_rows() -> list[str]:
    """Return a row for each signature."""
    return [f"| {number} | {name} | {fate(number)} |" for number, (name, _) in SIGNATURES.items()]


def fate(number: int) -> str:
    """Return the events that a signature needs, or why it is missing."""
    needs = SIGNATURES[number][1].split()
    if number in BUILTIN:
        return f"derived from {', '.join(BUILTIN[number].needs)}"
    missing = [name for name in needs if not all_events()[name].available]
    return f"**missing**: {'needs ' + ', '.join(missing) if missing else 'not implemented'}"


def call_row(event: EventDefinition) -> str:
    """Return the row of a system call that Tracee v0.12 lacks."""
    arguments = ", ".join(f"{argument.type} {argument.name}" for argument in event.args)
    return f"| {event.id} | {event.name} | {f'`{arguments}`' if arguments else 'none'} |"


def folded(names: Iterable[str]) -> str:
    """Return the names, wrapped to lines of `WIDTH`."""
    return fill(", ".join(names), WIDTH, break_on_hyphens=False, break_long_words=False)


def page() -> str:
    """Return the text of the page."""
    events = all_events().values()
    calls = [event for event in events if event.syscall and event.id < FIRST_NEW_CALL]
    new = [event for event in events if event.syscall and event.id >= FIRST_NEW_CALL]
    others = [event for event in events if not event.syscall and event.id < FIRST_NEW_CALL]
    later = [event for event in events if not event.syscall and event.id >= FIRST_NEW_CALL]
    here = sum(event.available for event in others)
    absent = [event.name for event in calls if not event.available]
    parts = [
        HEAD,
        f"## System calls: {len(calls) - len(absent)} of {len(calls)}\n",
        f"{folded(event.name for event in calls)}\n",
        f"## System calls that Tracee v0.12 lacks: {len(new)}\n",
        NEW_CALLS,
        "| Id | Event | Arguments |\n|---|---|---|",
        "\n".join(call_row(event) for event in new) + "\n",
        f"## Other events: {here} of {len(others)}\n",
        "| Id | Event | Source |\n|---|---|---|",
        "\n".join(rows(others)) + "\n",
        f"## Events of later versions of Tracee: {len(later)}\n",
        "Ids are ours.\n",
        "| Id | Event | Source |\n|---|---|---|",
        "\n".join(rows(later)) + "\n",
        f"## Signatures: {len(SIGNATURES.keys() & BUILTIN)} of {len(SIGNATURES)}\n",
        "| Id | Event | Source |\n|---|---|---|",
        "\n".join(signature_rows()) + "\n",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
