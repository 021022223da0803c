# SPDX-License-Identifier: Apache-2.0
"""Events at the entry and the return of a kernel function."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace

EVENTS = "vfs_write,vfs_writev,vfs_read,vfs_readv"
BLOCKED = 64
"""More tasks than a kretprobe has calls at a time."""

PROGRAM = """
import ctypes, json, os
libc = ctypes.CDLL(None, use_errno=True)
top = f"/tmp/joined-{os.getpid()}"
os.mkdir(top)
libc.mount(b"nothing", top.encode(), b"tmpfs", 0, None)  # stat() of an overlayfs has another device
os.chdir(top)
fd = os.open("joined", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
status = os.fstat(fd)
os.write(fd, b"hello")
os.writev(fd, [b"ab", b"cde"])
os.pread(fd, 100, 7)
os.preadv(fd, [bytearray(2), bytearray(2)], 1)
try:
    os.write(os.open("joined", os.O_RDONLY), b"x")
except OSError:
    pass
device = os.major(status.st_dev) << 20 | os.minor(status.st_dev)
print("facts", json.dumps([top, status.st_ino, device]), flush=True)
os.chdir("/")
libc.umount2(top.encode(), 2)
os.rmdir(top)
"""

BLOCKING = f"""
import os, signal, threading
reader, writer = os.pipe()
threads = [threading.Thread(target=os.read, args=(reader, 1)) for _ in range({BLOCKED})]
for thread in threads:
    thread.start()
child = os.fork()
if child == 0:
    os.read(os.pipe()[0], 1)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
import time
time.sleep(1)
os.write(writer, bytes({BLOCKED}))
for thread in threads:
    thread.join()
"""


def calls_on(traced: Traced, path: str) -> list[tuple[Any, ...]]:
    """Return event, return value, count and position of the calls on a file."""
    found = []
    for event in traced.events:
        values = arguments(event)
        if values["pathname"] == path:
            count = values.get("count", values.get("vlen"))
            found.append((event["eventName"], event["returnValue"], count, values["pos"]))
    return found


@pytest.mark.guest_only
def test_joined_arguments_and_result(kernel: Kernel) -> None:
    """Arguments are those of the entry, the return value is that of the return."""
    traced = trace(kernel, f"-f event={EVENTS} -o json", python(PROGRAM))
    assert traced.status == 0, traced.stderr
    (line,) = [line for line in traced.lines if line.startswith("facts ")]
    directory, inode, device = json.loads(line.removeprefix("facts "))
    path = f"{directory}/joined"
    assert calls_on(traced, path) == [
        ("vfs_write", 5, 5, 0),
        ("vfs_writev", 5, 2, 5),
        ("vfs_read", 3, 100, 7),
        ("vfs_readv", 4, 2, 1),
        ("vfs_write", -9, 1, 0),
    ]
    on_file = [a for e in traced.events if (a := arguments(e))["pathname"] == path]
    assert {(a["inode"], a["dev"]) for a in on_file} == {(inode, device)}
    assert traced.account.balances()
    assert traced.account.seen == traced.account.delivered == len(traced.events)


@pytest.mark.guest_only
def test_joined_filters(kernel: Kernel) -> None:
    """Filters on arguments and on the return value hold for the joined event."""
    flags = (
        "-f event=vfs_write -f vfs_write.args.pathname=*/joined -f vfs_write.retval<0"
        " -f 2:event=vfs_write -f 2:comm=nobody -o json"
    )
    traced = trace(kernel, flags, python(PROGRAM))
    assert [e["returnValue"] for e in traced.events] == [-9]
    assert {e["matchedScopes"] for e in traced.events} == {1}
    assert traced.account.balances()


@pytest.mark.guest_only
def test_joined_blocked_calls(kernel: Kernel) -> None:
    """Calls that block are delivered or lost, however many there are; none is mixed up."""
    traced = trace(kernel, "-f event=vfs_read,getppid -o json", python(BLOCKING))
    assert traced.status == 0, traced.stderr
    values = [(e, arguments(e)) for e in traced.events if e["eventName"] == "vfs_read"]
    pipes = [e for e, a in values if (a["pathname"], a["count"]) == ("", 1)]
    assert {e["returnValue"] for e in pipes} <= {1, -512}
    assert len({e["hostThreadId"] for e in pipes}) == len(pipes) > 0
    assert traced.account.balances()
