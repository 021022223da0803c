# SPDX-License-Identifier: Apache-2.0
"""Runs of the tracer with processes, namespaces and containers older than it.

The containers are cgroups with names of containers.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tracee_ref.containers.cgroups import own_hierarchy, root_of
from vmtests.handlers import Reply, handler
from vmtests.handlers import tracing as tracer
from vmtests.handlers.background import tracing
from vmtests.handlers.containers import make_group

CLONE_NEWUTS = 0x04000000


@handler
def traced(
    *, first: str, second: str, options: list[str], host_name: str = "inside-of-a-container"
) -> Reply:
    """Trace with two existing containers: one with two processes, one without."""
    root = root_of(own_hierarchy())
    assert root, "no hierarchy of cgroups is mounted"
    top = root / f"tracee-ref-existing-{os.getpid()}"
    group = top / first
    groups = [top, group, group / "below", top / second]
    processes: list[int] = []
    try:
        for path in groups:
            make_group(path)
        processes.append(start(group / "below", "older", 1234, host_name))
        time.sleep(0.05)  # start times in /proc are in 1/100 s
        processes.append(start(group, "younger", 1235, host_name))
        with tracing(options) as reply:
            pass
        inodes = {"number": groups[2].stat().st_ino, "empty": groups[3].stat().st_ino}
        return {**reply, **inodes, "pid": processes[0], "ppid": os.getpid()}
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for path in reversed(groups):
            if path.exists():
                path.rmdir()


@handler
def ended(*, commands: Sequence[Sequence[str]], options: Sequence[str]) -> Reply:
    """Trace while older processes are killed; ``{0}`` in the options is the first one's pid."""
    older = [subprocess.Popen(argv) for argv in commands]
    pids = [process.pid for process in older]
    try:
        with tracing([word.format(*pids) for word in options]) as reply:
            for process in older:
                process.kill()
                process.wait()
            time.sleep(0.1)
    finally:
        for process in older:
            process.kill()
    return {**reply, "pids": pids}


NEW_NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "sleep", "600")


@handler
def beside_namespaces(*, argv: Sequence[str], seconds: float) -> Reply:
    """Run the tracer while another mount and pid namespace exist.

    In its arguments ``{child}`` is a process in them, and ``{own_mnt}``, ``{other_mnt}``,
    ``{own_pid}`` and ``{other_pid}`` are inode numbers, which the reply has too.
    """
    with holding_namespaces() as child:
        names = {
            f"{owner}_{kind}": Path(f"/proc/{process}/ns/{kind}").stat().st_ino
            for kind in ("mnt", "pid")
            for owner, process in (("own", "self"), ("other", child))
        }
        words = [word.format(child=child, **names) for word in argv]
        return tracer.run(argv=words, seconds=seconds) | names


@contextmanager
def holding_namespaces() -> Iterator[str]:
    """Yield the id of a process in new namespaces, which ends with the block."""
    holder = subprocess.Popen(NEW_NAMESPACES)
    children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
    try:
        while not (child := children.read_text().strip()):
            time.sleep(0.01)
        yield child
    finally:
        holder.kill()
        holder.wait()


def start(group: Path, comm: str, uid: int, host_name: str) -> int:
    """Start a process in a cgroup and a new UTS namespace; return its pid when it is set up."""
    ready, started = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            (group / "cgroup.procs").write_text(str(os.getpid()))
            Path("/proc/self/comm").write_text(comm)
            ctypes.CDLL(None).unshare(CLONE_NEWUTS)
            socket.sethostname(host_name)
            os.setresuid(uid, 0, 0)
            os.write(started, b"x")
            signal.pause()
        finally:
            os._exit(1)
    os.close(started)
    os.read(ready, 1)
    os.close(ready)
    return pid
