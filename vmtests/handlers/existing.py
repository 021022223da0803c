"""Runs of the tracer over what was there before it: processes, namespaces and containers.

The containers are no more than cgroups of ours.
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
    """Trace two containers: one has an older and a younger process, the other none."""
    root = root_of(own_hierarchy()) or Path("/nowhere")
    top = root / f"tracee-ref-existing-{os.getpid()}"
    place = top / first
    groups = [top, place, place / "below", top / second]
    processes: list[int] = []
    try:
        for group in groups:
            make_group(group)
        processes.append(start(place / "below", "older", 1234, host_name))
        time.sleep(0.05)  # start times count in hundredths of a second
        processes.append(start(place, "younger", 1235, host_name))
        with tracing(options) as reply:
            pass
        made = {"number": groups[2].stat().st_ino, "empty": groups[3].stat().st_ino}
        return {**reply, **made, "pid": processes[0], "ppid": os.getpid()}
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for group in reversed(groups):
            if group.exists():
                group.rmdir()


@handler
def ended(*, commands: Sequence[Sequence[str]], options: Sequence[str]) -> Reply:
    """Trace while older processes are killed; in the options ``{0}`` is the first one's id."""
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
    """Run the tracer while there are other mount and pid namespaces.

    In its arguments ``{child}`` is a process in them, ``{own_mnt}``, ``{other_mnt}``,
    ``{own_pid}`` and ``{other_pid}`` are inode numbers, which the reply has too.
    """
    with holding_namespaces() as child:
        names = {
            f"{who}_{kind}": Path(f"/proc/{process}/ns/{kind}").stat().st_ino
            for kind in ("mnt", "pid")
            for who, process in (("own", "self"), ("other", child))
        }
        words = [word.format(child=child, **names) for word in argv]
        return tracer.run(argv=words, seconds=seconds) | names


@contextmanager
def holding_namespaces() -> Iterator[str]:
    """Give the id of a process that is in new namespaces until the block ends."""
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
    """Start a process in a cgroup and a new UTS namespace; return its id when it is ready."""
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            (group / "cgroup.procs").write_text(str(os.getpid()))
            Path("/proc/self/comm").write_text(comm)
            ctypes.CDLL(None).unshare(CLONE_NEWUTS)
            socket.sethostname(host_name)
            os.setresuid(uid, 0, 0)
            os.write(tell, b"x")
            signal.pause()
        finally:
            os._exit(1)
    os.close(tell)
    os.read(ready, 1)
    os.close(ready)
    return pid
