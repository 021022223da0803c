# SPDX-License-Identifier: Apache-2.0
"""Signatures: each is triggered, all in one run of the tracer on a kernel."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tracee_ref.signatures import Origin
from tracee_ref.signatures.registry import BUILTIN
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace

ID = "5e" * 32
CONTAINER = {"runtime": "runc", "id": ID, "cgroup": f"/docker/{ID}"}
COMM = "trigger"

OPTIONS = (
    "-f 1:set=signatures -f 2:event=anti_debugging,ptrace -f 2:ptrace.retval<-5"
    " -f 3:event=aslr_inspection -f 3:comm=nobody -f 4:set=signatures -f 4:container -o json"
)
"""Rules 15 and 16: scope 2 has a filter on the base, which does not affect the finding."""

IN_CONTAINER = r"""
cd /tmp
: >>docker.sock
: >>notify_on_release
: >>release_agent
: >>/proc/sys/kernel/core_pattern
: >>/proc/sysrq-trigger
busybox head -c 1 /proc/sched_debug
busybox head -c 1 /sys/kernel/debug/sched/debug
busybox head -c 1 /proc/kcore
printf '\177ELF of no machine' >program
KUBERNETES_SERVICE_HOST=127.0.0.1 busybox nc 127.0.0.1 9 </dev/null
busybox mount -t ext4 /dev/nothing /tmp
true
"""
"""Most of it is refused, after the security hooks and the tracer have run."""

OUTSIDE = """
import ctypes, mmap, os, signal, socket
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
def child(act):
    if not (pid := os.fork()):
        try: act()
        finally: os._exit(0)
    return pid
def run(act):
    os.waitpid(child(act), 0)
def mount(path):
    assert libc.mount(b"none", path, b"tmpfs", 0, None) == 0
def write(path, data=b""):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(fd, data)
    os.close(fd)

assert libc.unshare(0x20000) == 0
libc.mount(b"none", b"/", None, 0x44000, None)
def over_a_socket():
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    os.dup2(client.fileno(), 0)
run(over_a_socket)
open("/proc/sys/kernel/randomize_va_space").close()
os.close(os.open("/proc/self/mem", os.O_RDONLY))
os.close(os.open(f"/proc/{os.getpid()}/mem", os.O_WRONLY))
run(lambda: os.execve("/bin/true", ["true"], {"LD_PRELOAD": "/proc/missing.so"}))
def of_memory():
    fd = os.memfd_create("of_memory")
    os.write(fd, open("/bin/true", "rb").read())
    os.execve(fd, ["true"], {})
run(of_memory)
def web_server():
    open("/proc/self/comm", "w").write("nginx")
    os.execve("/bin/sh", ["sh", "-c", ":"], {})
run(web_server)
cell = ctypes.c_long(1)
def stopped():
    libc.ptrace(0, 0, 0, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
pid = child(stopped)
os.waitpid(pid, 0)
assert libc.ptrace(5, pid, ctypes.byref(cell), ctypes.c_void_p(2)) == 0
class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
piece = Piece(ctypes.addressof(cell), 8)
assert libc.process_vm_writev(pid, ctypes.byref(piece), 1, ctypes.byref(piece), 1, 0) == 8
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
page = libc.mmap(None, 4096, 3, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
assert libc.mprotect(ctypes.c_void_p(page), 4096, 5) == 0
libc.syscall(175, b"", 0, b"")
mount(b"/tmp")
write("/tmp/.hidden", b"\\x7fELF of no machine")
mount(b"/etc")
for name in ("crontab", "rc.local", "ld.so.preload", "sudoers"):
    write("/etc/" + name)
os.makedirs("/etc/kubernetes/pki")
write("/etc/kubernetes/pki/ca.key")
open("/etc/kubernetes/pki/ca.key").close()
mount(b"/usr/lib64")
write("/usr/lib64/ld-of-ours.so")
# Triggers in a container only, or none at all.
for name in ("/proc/kcore", "/proc/uptime"):
    os.close(os.open(name, os.O_RDONLY))
write("/tmp/release_agent", b"#!/bin/sh")
write("/tmp/program", b"\\x7fELF of no machine")
print("all done")
"""


@pytest.fixture
def traced(kernel: Kernel) -> Traced:
    """Trace both workloads once per kernel, because a start of the tracer is slow."""
    request = {"container": CONTAINER, "script": IN_CONTAINER, "program": OUTSIDE}
    more = {"comm": COMM, "options": OPTIONS.split()}
    reply = kernel.ask("signatures.provoked", request | more, seconds=600, cached=True)
    assert reply["program"][:2] == [0, "all done\n"], reply
    return Traced.from_reply(reply)


def of_workload(traced: Traced) -> list[dict[str, Any]]:
    """Return the findings of the workload, without those of other processes of the guest.

    The comm after an execveat of an fd is the file name or, up to Linux 6.13, the fd number.
    """
    names = (COMM, "true", "nginx")
    return [
        event
        for event in traced.events
        if event["containerId"] == ID
        or event["processName"] in names
        or "memfd:of_memory" in json.dumps(event["args"])
    ]


NEEDED = {kind.event: kind for kind in BUILTIN.values()}


@pytest.mark.guest_only
def test_signatures_all_triggered(traced: Traced) -> None:
    """Every signature has a finding."""
    assert {event["eventName"] for event in of_workload(traced)} >= NEEDED.keys()


@pytest.mark.guest_only
def test_signatures_origins(traced: Traced) -> None:
    """Signatures for containers have no findings on the host, where the same happens."""
    for event in traced.events:
        if NEEDED[event["eventName"]].origin is Origin.CONTAINER:
            assert event["containerId"] == ID


@pytest.mark.guest_only
def test_signatures_masks(traced: Traced) -> None:
    """Bases are not printed; each finding has the scopes that select it (rules 15 and 16)."""
    assert {event["eventName"] for event in traced.events} == NEEDED.keys()
    for event in of_workload(traced):
        inside = event["containerId"] == ID
        debugging = event["eventName"] == "anti_debugging"
        assert event["matchedScopes"] == 0b0001 | 0b1000 * inside | 0b0010 * debugging


@pytest.mark.guest_only
def test_signatures_arguments(traced: Traced) -> None:
    """Findings have the arguments of their triggers and the properties of their signature."""
    found = {event["eventName"]: event for event in of_workload(traced)}
    args = {name: arguments(event) for name, event in found.items()}
    assert args["sudoers_modification"]["pathname"] == "/etc/sudoers"
    assert args["hidden_file_created"]["pathname"] == "/tmp/.hidden"
    assert args["disk_mount"]["dev_name"] == "/dev/nothing"
    assert args["stdio_over_socket"]["newfd"] == 0
    assert args["stdio_over_socket"]["remote_addr"]["sin_addr"] == "127.0.0.1"
    assert args["k8s_api_connection"]["remote_addr"]["sin_port"] == "9"
    assert (args["dynamic_code_loading"]["prev_prot"], args["dynamic_code_loading"]["prot"]) == (
        3,
        5,
    )
    preloads = [arguments(e) for e in of_workload(traced) if e["eventName"] == "ld_preload"]
    assert {"LD_PRELOAD=/proc/missing.so", "/etc/ld.so.preload"} == {
        preload["env"][0] if "env" in preload else preload["pathname"] for preload in preloads
    }
    for name, event in found.items():
        assert event["metadata"]["Properties"] == dict(NEEDED[name].properties)


@pytest.mark.guest_only
def test_signatures_all_counted(traced: Traced) -> None:
    """All events are counted, none is lost, no signature failed."""
    assert traced.status == 0, traced.stderr
    assert traced.account.balances()
    assert traced.account.lost == traced.account.dropped == 0
    assert "error" not in traced.stderr


DUPLICATES = """
import os, socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
six = socket.socket(socket.AF_INET6)
named, other = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
named.bind("\\0of-ours")
named.listen()
other.connect("\\0of-ours")
for fd, original in enumerate((client, six, other, named), 50):
    os.dup2(original.fileno(), fd)
os.dup2(client.fileno(), 60, inheritable=False)
os.dup2(1, 61)
try: os.dup2(99, 62)
except OSError: pass
print(client.fileno(), server.getsockname()[1])
"""


@pytest.mark.host_only
def test_socket_dup(kernel: Kernel) -> None:
    """Duplicated sockets have the remote address; no kprobe is needed for them."""
    traced = trace(kernel, "-f event=socket_dup -o json", python(DUPLICATES))
    (line,) = [line for line in traced.lines if line[0].isdigit()]
    client, port = line.split()
    connected = {"sa_family": "AF_INET", "sin_addr": "127.0.0.1", "sin_port": port}
    no_peer = {"sa_family": "AF_UNIX", "sun_path": ""}
    args = [arguments(event) for event in traced.events]
    assert [(a["newfd"], a["remote_addr"].get("sun_path")) for a in args[2:4]] == [
        (52, "@of-ours"),
        (53, no_peer["sun_path"]),
    ]
    assert args[0] == {"oldfd": int(client), "newfd": 50, "remote_addr": connected}
    assert args[1]["remote_addr"]["sin6_port"] == "0"
    assert args[4] == args[0] | {"newfd": 60}
    assert Counter(event["returnValue"] for event in traced.events) == Counter([50, 51, 52, 53, 60])
    assert traced.account.balances()
