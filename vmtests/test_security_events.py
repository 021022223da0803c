# SPDX-License-Identifier: Apache-2.0
"""Events of kernel functions: each is triggered, and its fields are compared."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from tracee_ref.kernel.attach.features import KPROBES
from vmtests.lab.features import skip_on_host, skip_unless
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace
from vmtests.security_workload import PROGRAM

EVENTS = {
    "do_exit", "cap_capable", "mem_prot_alert", "magic_write", "security_bprm_check",
    "security_file_open", "security_inode_unlink", "security_socket_create",
    "security_socket_listen", "security_socket_connect", "security_socket_accept",
    "security_socket_bind", "security_socket_setsockopt", "security_sb_mount", "security_bpf",
    "security_bpf_map", "security_kernel_read_file", "security_inode_mknod",
    "security_kernel_post_read_file", "security_inode_symlink", "security_mmap_file",
    "security_file_mprotect", "security_inode_rename",
}  # fmt: skip
"""Events that the workload provokes."""


@pytest.fixture(scope="session")
def runs() -> dict[str, Traced]:
    """Return the runs by kernel: one for all tests, because a start of the tracer is slow."""
    return {}


@pytest.fixture
def traced(kernel: Kernel, runs: dict[str, Traced]) -> Traced:
    if kernel.name not in runs:
        flags = f"-f event={','.join(sorted(EVENTS))} -o json"
        runs[kernel.name] = trace(kernel, flags, python(PROGRAM))
    return runs[kernel.name]


def facts_of(traced: Traced) -> dict[str, Any]:
    (line,) = [line for line in traced.lines if line.startswith("facts ")]
    facts: dict[str, Any] = json.loads(line.removeprefix("facts "))
    return facts


def seen(traced: Traced, event: str) -> list[dict[str, Any]]:
    """Return the arguments of all events with a name."""
    return [arguments(e) for e in traced.events if e["eventName"] == event]


@pytest.mark.host_only
def test_security_events_without_kprobes(kernel: Kernel) -> None:
    """Without kprobes, selecting such an event is an error, and sets leave it out."""
    if KPROBES.exists():
        skip_on_host(kernel, "this machine's kernel has kprobes: guests have those tests")
    refused = trace(kernel, "-f event=security_bpf", ["true"])
    assert (refused.status, refused.stdout) == (1, "")
    assert refused.stderr == (
        "tracee-ref: event=security_bpf: unavailable here: needs kprobes "
        "(CONFIG_KPROBE_EVENTS=y) - remove the event, or trace on a kernel that has it\n"
    )
    left = trace(kernel, "-f set=lsm_hooks,proc_life", ["true"])
    assert left.status == 0
    assert "exit_group" in left.stdout


@pytest.mark.guest_only
def test_security_events_available(kernel: Kernel) -> None:
    """Guests have all events of kernel functions."""
    listed = trace(kernel, "--list", []).stdout
    skip_unless(kernel, "kprobes", present="needs kprobes" not in listed)
    skip_unless(kernel, "cgroup2", present="needs cgroup v2" not in listed)
    assert "Unavailable here" not in listed
    assert all(re.search(rf"^{name} ", listed, re.MULTILINE) for name in EVENTS)


@pytest.mark.guest_only
def test_security_file_open(traced: Traced) -> None:
    """security_file_open and security_bprm_check have path, device, inode and flags."""
    facts = facts_of(traced)
    top = facts["top"]
    inode, device, changed = facts["a"]
    opened = [a for a in seen(traced, "security_file_open") if a["pathname"] == f"{top}/a"]
    assert [a["flags"] & (os.O_ACCMODE | os.O_CREAT) for a in opened] == [
        os.O_RDWR | os.O_CREAT,
        os.O_RDONLY,
    ]
    assert [(a["dev"], a["inode"], a["syscall_pathname"]) for a in opened] == 2 * [
        (device, inode, "a")
    ]
    assert opened[1]["ctime"] == changed
    checks = seen(traced, "security_bprm_check")
    script, true = facts["script"], facts["true"]
    assert checks[-2:] == [
        {"pathname": f"{top}/script", "dev": script[1], "inode": script[0]},
        # On an overlayfs, stat() returns another device number than the kernel uses.
        {"pathname": os.path.realpath("/bin/true"), "dev": checks[0]["dev"], "inode": true[0]},
    ]
    # The first exec of the command is traced.
    assert checks[0]["pathname"] == os.path.realpath("/usr/bin/python3")


@pytest.mark.guest_only
def test_security_inode_events(traced: Traced) -> None:
    """Events of unlink, rename, mknod, symlink and mount."""
    facts = facts_of(traced)
    inode, device, changed = facts["removed"]
    assert seen(traced, "security_inode_unlink") == [
        {"pathname": "/removed", "inode": inode, "dev": device, "ctime": changed}
    ]
    assert seen(traced, "security_inode_rename") == [{"old_path": "/a", "new_path": "/b"}]
    assert seen(traced, "security_inode_mknod") == [
        {"file_name": "/fifo", "mode": 0o600 | stat.S_IFIFO, "dev": 0},
        {"file_name": "/device", "mode": 0o600 | stat.S_IFCHR, "dev": 1 << 20 | 3},
        {"file_name": "/named", "mode": 0o755 | stat.S_IFSOCK, "dev": 0},
    ]
    assert seen(traced, "security_inode_symlink") == [{"linkpath": "/link", "target": "to/here"}]
    assert seen(traced, "security_sb_mount") == [
        {"dev_name": "nothing", "path": facts["top"], "type": "tmpfs", "flags": 6}
    ]


@pytest.mark.guest_only
def test_cap_capable(traced: Traced) -> None:
    """cap_capable has the number of the checked capability."""
    checks = [e for e in traced.events if e["eventName"] == "cap_capable"]
    (event,) = [e for e in checks if e["syscall"] == "chroot"]
    assert arguments(event) == {"cap": 18}
    assert all(0 <= arguments(e)["cap"] <= 40 for e in checks)


@pytest.mark.guest_only
def test_do_exit(traced: Traced) -> None:
    """Each process of the workload has one do_exit."""
    ends = [e for e in traced.events if e["eventName"] == "do_exit"]
    assert [(e["processName"], e["syscall"], e["args"]) for e in ends] == [
        ("script", "exit_group", []),
        ("python3", "exit_group", []),
    ]


@pytest.mark.guest_only
def test_security_mmap_and_mprotect(traced: Traced) -> None:
    """security_mmap_file and security_file_mprotect have file and protection."""
    facts = facts_of(traced)
    inode, device, changed = facts["b"]
    path = f"{facts['top']}/b"
    (mapped,) = [a for a in seen(traced, "security_mmap_file") if a["pathname"] == path]
    assert mapped["flags"] & os.O_ACCMODE == os.O_RDONLY
    assert [mapped[name] for name in ("dev", "inode", "ctime", "prot", "mmap_flags")] == [
        device, inode, changed, 1, 2,
    ]  # fmt: skip
    (protected,) = [a for a in seen(traced, "security_file_mprotect") if a["pathname"] == path]
    assert protected == {
        "pathname": path,
        "prot": 3,
        "ctime": changed,
        "prev_prot": 1,
        "addr": facts["memory"],
        "len": 4096,
        "pkey": -1,
    }


@pytest.mark.guest_only
def test_mem_prot_alert(traced: Traced) -> None:
    """mem_prot_alert reports changes that make memory executable or writable code."""
    facts = facts_of(traced)
    alerts = [a for a in seen(traced, "mem_prot_alert") if a["addr"] == facts["both"]]
    assert [(a["alert"], a["len"], a["prev_prot"], a["prot"]) for a in alerts] == [
        (1, 8192, 0, 7),
        (4, 4096, 7, 5),
        (2, 4096, 3, 5),
        (3, 4096, 5, 7),
    ]
    assert all((a["pathname"], a["dev"], a["inode"], a["ctime"]) == (None, 0, 0, 0) for a in alerts)


@pytest.mark.guest_only
def test_security_kernel_read_file(traced: Traced) -> None:
    """A file that the kernel reads as a module is reported before and after."""
    facts = facts_of(traced)
    inode, device, changed = facts["b"]
    path = f"{facts['top']}/b"
    module = {"pathname": path, "dev": device, "inode": inode, "type": 2, "ctime": changed}
    assert seen(traced, "security_kernel_read_file") == [module]
    read = {"pathname": path, "size": 4096, "type": 2}
    assert seen(traced, "security_kernel_post_read_file") == [read]


@pytest.mark.guest_only
def test_security_events_all_counted(traced: Traced) -> None:
    """Every event of the workload is counted and delivered."""
    assert traced.status == 0, traced.stderr
    assert traced.account.balances()
    assert traced.account.seen == traced.account.delivered == len(traced.events)
    assert {event["eventName"] for event in traced.events} == EVENTS


@pytest.mark.guest_only
def test_security_socket_events(traced: Traced) -> None:
    """Socket events have the addresses of IPv4, IPv6, Unix and netlink sockets."""
    facts = facts_of(traced)
    local = {"sa_family": "AF_INET", "sin_addr": "127.0.0.1"}
    bound = local | {"sin_port": str(facts["port"])}
    six = {"sa_family": "AF_INET6", "sin6_addr": "::1", "sin6_flowinfo": "0", "sin6_scopeid": "0"}
    created = [tuple(a.values()) for a in seen(traced, "security_socket_create")]
    assert created[0] == (socket.AF_INET, socket.SOCK_STREAM, 0, 0)
    assert (socket.AF_INET6, socket.SOCK_DGRAM, 17, 0) in created
    options = [tuple(a.values()) for a in seen(traced, "security_socket_setsockopt")]
    anywhere = {"sa_family": "AF_INET", "sin_addr": "0.0.0.0", "sin_port": "0"}
    assert options[0] == (facts["server"], 1, 2, anywhere)
    assert options[1] == (facts["six"], 1, 9, six | {"sin6_port": str(facts["port6"])})
    assert options[2][3] == {"sa_family": "AF_NETLINK"}
    binds = [a["local_addr"] for a in seen(traced, "security_socket_bind")]
    assert binds == [
        local | {"sin_port": "0"},
        six | {"sin6_port": "0"},
        {"sa_family": "AF_UNIX", "sun_path": "named"},
        {"sa_family": "AF_UNIX", "sun_path": "@hidden"},
        {"sa_family": "AF_NETLINK"},
    ]
    listened = [(a["backlog"], a["local_addr"]) for a in seen(traced, "security_socket_listen")]
    assert listened == [
        (5, bound),
        (3, binds[2]),
        (4, binds[3]),
        (6, {"sa_family": "AF_UNIX", "sun_path": ""}),
    ]
    assert seen(traced, "security_socket_connect") == [
        {"sockfd": facts["client"], "remote_addr": bound}
    ]
    assert seen(traced, "security_socket_accept") == [
        {"sockfd": facts["server"], "local_addr": bound}
    ]


@pytest.mark.guest_only
def test_security_bpf(traced: Traced) -> None:
    """security_bpf has the command, security_bpf_map the id and name of the map."""
    assert seen(traced, "security_bpf") == [{"cmd": 0}, {"cmd": 15}]
    created = {"map_id": facts_of(traced)["map"], "map_name": "of_ours"}
    assert seen(traced, "security_bpf_map") == [created]


@pytest.mark.guest_only
def test_magic_write(traced: Traced) -> None:
    """magic_write has the first bytes that are written at offset 0 of a regular file."""
    facts = facts_of(traced)
    top, (inode, device, _) = facts["top"], facts["first"]
    written = [
        (e["returnValue"], Path(a["pathname"]).name, base64.b64decode(a["bytes"]), e["syscall"])
        for e in traced.events
        if e["eventName"] == "magic_write" and (a := arguments(e))["pathname"] != f"{top}/script"
    ]
    assert written == [
        (4, "first", b"\x7fELF", "write"),
        (50, "first", (b"again" * 10)[:32], "pwrite64"),
        (10, "second", b"some", "writev"),
    ]
    assert {(a["dev"], a["inode"]) for a in seen(traced, "magic_write")[1:3]} == {(device, inode)}
