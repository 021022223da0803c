"""Time to check a stream of JSON events, on one core.

The goal is a million events in a minute (60 us each).  Small by default; the whole of it:

    TRACEE_REF_EVENTS=1000000 pytest benchmarks/test_stream_check.py

Time is the processor's, not that of other programs which it is shared with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import process_time
from typing import Any, Final

import pytest

from tracee_ref.oracle.streams.checking import check
from tracee_ref.oracle.streams.job import Job, Streams
from tracee_ref.oracle.streams.lives import Begins
from tracee_ref.oracle.streams.report import Tally

EVENTS: Final = int(os.environ.get("TRACEE_REF_EVENTS", "5000"))
COMMS: Final = ("ls", "cat", "sh", "python3", "nginx")
FACTS: Final = ("1:event=openat", "2:event=openat", "2:uid=0", "3:event=openat", "3:comm=cat")
FIELDS: Final = (*FACTS, "4:event=openat", "4:openat.args.pathname=/etc/*")
LIVES: Final = (
    *FIELDS,
    "5:event=openat,sched_process_fork,sched_process_exec,sched_process_exit",
    "6:event=openat", "6:binary=/bin/cat", "7:event=openat", "7:comm=sh", "7:follow",
)  # fmt: skip
SCOPES: Final = {"facts": FACTS, "and fields": FIELDS, "and lives": LIVES}

BASE: Final[dict[str, Any]] = {
    "threadStartTime": 1, "processorId": 0, "processId": 7, "cgroupId": 1, "threadId": 7,
    "parentProcessId": 1, "hostParentProcessId": 1, "mountNamespace": 4026531841,
    "pidNamespace": 4026531836, "hostName": "web", "containerId": "", "containerImage": "",
    "containerName": "", "podName": "", "podNamespace": "", "podUID": "", "podSandbox": False,
    "eventId": "257", "argsNum": 4, "returnValue": 3, "syscall": "openat",
    "stackAddresses": None, "contextFlags": {"containerStarted": False, "isCompat": False},
}  # fmt: skip


def stream() -> Iterator[dict[str, Any]]:
    """Opens of many processes, as v0.12.0 prints them, with a fork and exec now and then."""
    random, pid = Random(1), 2
    for number in range(EVENTS):
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


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("check") / "stream.json"
    with written.open("w") as file:
        file.writelines(json.dumps(event) + "\n" for event in stream())
    return written


@pytest.mark.benchmark(group="check", timer=process_time)
@pytest.mark.parametrize("what", SCOPES)
def test_check(benchmark: Any, path: Path, what: str) -> None:
    job = Job(flags=SCOPES[what], begins=Begins.HOST, progress=False)
    tally: Tally = benchmark.pedantic(check, (job, Streams(str(path))), rounds=3)
    benchmark.extra_info["events"] = EVENTS  # of each round
    assert tally.events == EVENTS
