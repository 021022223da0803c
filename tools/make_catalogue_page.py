# SPDX-License-Identifier: Apache-2.0
"""Generator of docs/reference/catalogue.md: the events of Tracee v0.12, and ours.

Usage: ``python tools/make_catalogue_page.py``.  What is here is read from the code; a reason is
given below for each event that is not, and for none that is (tests/events/test_catalogue_page.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from textwrap import fill

from tracee_ref.events.catalogue import AT_START, PACKETS, EventDefinition, all_events
from tracee_ref.events.function_events import CALL_ENDS, RAW_EVENTS
from tracee_ref.signatures.shipped import SHIPPED

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "catalogue.md"
WIDTH = 120

BASES = "one record of a packet (`net_packet_ip_base`) serves all events about it"
ADDRESSES = (
    "tells addresses of kernel code, whose owner is known from `/proc/kallsyms` and the list of"
    " modules alone: not built"
)
SAME = "the same is told by"
CAPTURE = "saves data beside the events (`--capture`), which this tracer does not do"


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
    **because(
        f"{SAME} the calls (`read`, `pwritev`, ...), and `magic_write` by the first bytes of files;"
        " twice as a record for each, they would fill the buffer first",
        "vfs_write vfs_writev vfs_read vfs_readv __kernel_write",
    ),
    "sys_enter": f"{SAME} the event of each call (`set=syscalls`), at its return",
    "sys_exit": f"{SAME} the event of each call (`set=syscalls`), with the return value",
    "sched_switch": "a record for each change of task costs more than all other events; not built",
    "commit_creds": f"{SAME} the calls that change credentials; its `slim_cred_t` is not built",
    "switch_task_ns": f"{SAME} `setns` and `unshare`; not built",
    "hidden_inodes": "not built: needs the buffer that getdents64 filled",
    "proc_create": "not built",
    "kprobe_attach": "not built",
    "call_usermodehelper": "not built",
    "dirty_pipe_splice": "not built: about a fault of Linux 5.8 to 5.16 that is put right",
    "debugfs_create_file": "not built",
    "debugfs_create_dir": "not built",
    "device_add": "not built",
    "register_chrdev": "not built: needs what the function returns",
    "shared_object_loaded": f"{SAME} `security_mmap_file`, by its `prot`; not built",
    "symbols_loaded": "not built: reads the symbols of the file, which may be another by then",
    "symbols_collision": "not built: reads the symbols of the file, which may be another by then",
    "do_init_module": "not built",
    "print_mem_dump": "not built: dumps kernel memory by name or address",
    "socket_accept": f"{SAME} `accept` and `accept4`, and `security_socket_accept`; not built",
    "load_elf_phdrs": f"{SAME} `sched_process_exec` (`interpreter_pathname`); not built",
    "do_sigaction": f"{SAME} `rt_sigaction`, but for what the pointers point to; not built",
    "bpf_attach": f"{SAME} `bpf` and `security_bpf`, but for the symbol; not built",
    "do_mmap": f"{SAME} `mmap` and `security_mmap_file`; not built",
    "vfs_utimes": f"{SAME} `utimensat` and its like; not built",
    "do_truncate": f"{SAME} `truncate`, `ftruncate` and `open` with O_TRUNC; not built",
    "file_modification": "not built: needs the time of the file before and after",
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

BEGIN = """\
# The catalogue

What upstream's v0.12 has, and what of it is here. `tools/make_catalogue_page.py` makes this page
from the code and `tests/events/test_catalogue_page.py` keeps the two equal. `tracee-ref --list`
says besides what this machine's kernel lacks.
"""


def origin(event: EventDefinition) -> str:
    """Return where an event comes from; empty if it is not here."""
    if not event.available:
        return ""
    if event.bases:
        return f"made of {', '.join(event.bases)}"
    if event.name in AT_START:
        return "told when tracing begins"
    if event.name in PACKETS:
        return "packets of a cgroup (version 2)"
    if event.name in CALL_ENDS:
        return "where system calls return"
    if event.functions:
        return f"kernel function {', '.join(event.functions)}"
    point = f"tracepoint {event.name}"
    return f"{point}, raw" if event.name in RAW_EVENTS else point


def rows() -> list[str]:
    """Return a line of the table for each event that is no system call."""
    events = [event for event in all_events().values() if not event.syscall]
    return [
        f"| {event.id} | {event.name}{' (internal)' if event.internal else ''} |"
        f" {origin(event) or '**missing**: ' + MISSING[event.name]} |"
        for event in events
    ]


def signature_rows() -> list[str]:
    """Return a line for each signature."""
    return [f"| {number} | {name} | {fate(number)} |" for number, (name, _) in SIGNATURES.items()]


def fate(number: int) -> str:
    """Return what a signature is made of, or why it is not here."""
    needs = SIGNATURES[number][1].split()
    if number in SHIPPED:
        return f"made of {', '.join(SHIPPED[number].needs)}"
    lacking = [name for name in needs if not all_events()[name].available]
    return f"**missing**: {'needs ' + ', '.join(lacking) if lacking else 'not written yet'}"


def folded(names: Iterable[str]) -> str:
    """Return names in lines."""
    return fill(", ".join(names), WIDTH, break_on_hyphens=False, break_long_words=False)


def page() -> str:
    """Return the text of the page."""
    events = all_events().values()
    calls = [event for event in events if event.syscall]
    others = [event for event in events if not event.syscall]
    here = sum(event.available for event in others)
    absent = [event.name for event in calls if not event.available]
    parts = [
        BEGIN,
        f"## System calls: {len(calls) - len(absent)} of {len(calls)}\n",
        f"{folded(event.name for event in calls)}\n",
        f"## Other events: {here} of {len(others)}\n",
        "| Id | Event | Here |\n|---|---|---|",
        "\n".join(rows()) + "\n",
        f"## Signatures: {len(SIGNATURES.keys() & SHIPPED)} of {len(SIGNATURES)}\n",
        "| Id | Event | Here |\n|---|---|---|",
        "\n".join(signature_rows()) + "\n",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
