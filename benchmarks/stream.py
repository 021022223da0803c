# SPDX-License-Identifier: Apache-2.0
"""Synthetic stream of JSON events, and the time to check it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from tracee_ref.oracle.streams.checking import check
from tracee_ref.oracle.streams.job import Job, Streams
from tracee_ref.oracle.streams.process_state import Begins

COMMS: Final = ("ls", "cat", "sh", "python3", "nginx")
FACTS: Final = ("1:event=openat", "2:event=openat", "2:uid=0", "3:event=openat", "3:comm=cat")
FIELDS: Final = (*FACTS, "4:event=openat", "4:openat.args.pathname=/etc/*")
LIVES: Final = (
    *FIELDS,
    "5:event=openat,sched_process_fork,sched_process_exec,sched_process_exit",
    "6:event=openat", "6:binary=/bin/cat", "7:event=openat", "7:comm=sh", "7:follow",
)  # fmt: skip
SCOPES: Final = {
    "process facts": FACTS,
    "and event fields": FIELDS,
    "and process life": LIVES,
}

BASE: Final[dict[str, Any]] = {
    "threadStartTime": 1, "processorId": 0, "processId": 7, "cgroupId": 1, "threadId": 7,
    "parentProcessId": 1, "hostParentProcessId": 1, "mountNamespace": 4026531841,
    "pidNamespace": 4026531836, "hostName": "web", "containerId": "", "containerImage": "",
    "containerName": "", "podName": "", "podNamespace": "", "podUID": "", "podSandbox": False,
    "eventId": "257", "argsNum": 4, "returnValue": 3, "syscall": "openat",
    "stackAddresses": None, "contextFlags": {"containerStarted": False, "isCompat": False},
}  # fmt: skip


def stream(count: int) -> Iterator[dict[str, Any]]:
    """Yield openat events of many processes as Tracee v0.12.0 prints them, one in 20 an exec."""
    random, pid = Random(1), 2
    for number in range(count):
        comm, uid = random.choice(COMMS), random.choice((0, 1000))
        path = random.choice(("/etc/passwd", "/lib/libc.so.6", f"/tmp/{random.randrange(5000)}"))
        event = {"timestamp": 10**18 + number * 1000, "eventName": "openat", "processName": comm}
        values = {"dirfd": -100, "pathname": path, "flags": "O_RDONLY|O_CLOEXEC", "mode": 0}
        if number % 20 == 0:
            pid = random.randrange(2, 3000)
            event["eventName"] = "sched_process_exec"
            values = {"pathname": f"/bin/{comm}"}
        event |= {"hostProcessId": pid, "hostThreadId": pid, "userId": uid, "matchedScopes": 1}
        yield BASE | event | {"args": [{"name": n, "value": v} for n, v in values.items()]}


def write_stream(path: Path, count: int) -> Path:
    """Write ``count`` events to a file; return its path."""
    with path.open("w") as file:
        file.writelines(json.dumps(event) + "\n" for event in stream(count))
    return path


def checks(directory: Path, *, count: int) -> list[dict[str, object]]:
    """Return the time of ``scope-oracle check`` for a file, by the kinds of filters."""
    path, rows = write_stream(directory / "stream.json", count), []
    for name, flags in SCOPES.items():
        job = Job(flags=flags, begins=Begins.HOST, progress=False)
        start, cpu = time.perf_counter(), time.process_time()
        tally = check(job, Streams(str(path)))
        seconds, used = time.perf_counter() - start, time.process_time() - cpu
        rows.append({"scopes": name, "events": tally.events, "seconds": seconds, "cpu_s": used})
    path.unlink()
    return rows
