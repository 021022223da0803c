"""A run of the tracer over containers that are no more than cgroups of ours, made before it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import time
from pathlib import Path

from tracee_ref.containers.cgroups import own_hierarchy, root_of
from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing
from vmtests.handlers.containers import make_group

CLONE_NEWUTS = 0x04000000


@handler
def traced(*, first: str, second: str, options: list[str]) -> Reply:
    """What is told of two containers: one has a process and a younger one, the other none."""
    root = root_of(own_hierarchy()) or Path("/nowhere")
    top = root / f"tracee-ref-existing-{os.getpid()}"
    place = top / first
    groups = [top, place, place / "below", top / second]
    processes: list[int] = []
    try:
        for group in groups:
            make_group(group)
        processes.append(start(place / "below", "older", 1234))
        time.sleep(0.05)  # start times count in hundredths of a second
        processes.append(start(place, "younger", 1235))
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


def start(group: Path, comm: str, uid: int) -> int:
    """Start a process in a cgroup, with a host name of its own; return when it is there."""
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            (group / "cgroup.procs").write_text(str(os.getpid()))
            Path("/proc/self/comm").write_text(comm)
            ctypes.CDLL(None).unshare(CLONE_NEWUTS)
            socket.sethostname("inside-of-a-container")
            os.setresuid(uid, 0, 0)
            os.write(tell, b"x")
            signal.pause()
        finally:
            os._exit(1)
    os.close(tell)
    os.read(ready, 1)
    os.close(ready)
    return pid
