# SPDX-License-Identifier: Apache-2.0
"""Timestamps while the wall clock is set, and in another time namespace."""

from __future__ import annotations

import time
from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TRACEE_REF, Traced, python, run, trace

NS_PER_SECOND = 1_000_000_000
ERROR_NS = 20_000_000
"""1 ms, and what Python takes in an emulated guest to read the clock."""

CALL = "b = time.time_ns(); os.getppid(); print(b, time.time_ns(), flush=True);"
IMPORTS = "import os, time;"
SET = "time.clock_settime_ns(time.CLOCK_REALTIME, time.time_ns() + {}); time.sleep(0.5);"
DAY_NS = 24 * 3600 * NS_PER_SECOND

IN_OTHER_TIME = ["unshare", "--fork", "-T", "--boottime", "1000000", "--monotonic", "-5"]

NEW_PROCESSES = """
{tracer} -f event=sched_process_exit -f tree=$$ -f pid=new -o json 2> {errors} &
for i in $(seq 1200); do grep -q tracing {errors} && break; sleep 0.1; done
date +%s%N; /bin/true; date +%s%N
sleep 0.3; kill $!; wait $!; cat {errors} >&2; rm {errors}
"""


def check(result: Traced, calls: int) -> list[dict[str, Any]]:
    """Check the timestamps of calls of getppid between printed times."""
    assert result.status == 0, result.stderr
    printed = [line.split() for line in result.lines if not line.startswith("{")]
    events = [e for e in result.events if e["eventName"] == "getppid"]
    assert len(printed) == len(events) == calls
    for event, (before, after) in zip(events, printed, strict=True):
        assert int(before) - ERROR_NS <= event["timestamp"] <= int(after) + ERROR_NS
    return events


@pytest.mark.guest_only
@pytest.mark.oldest_and_newest
def test_clocks_set(kernel: Kernel) -> None:
    """Timestamps follow a clock that is set forward and back during the run."""
    steps = [
        CALL,
        SET.format(DAY_NS),
        CALL,
        SET.format(-2 * DAY_NS),
        CALL,
        SET.format(DAY_NS),
        CALL,
    ]
    result = trace(kernel, "-f event=getppid -o json", python(IMPORTS + "".join(steps)))
    times = [event["timestamp"] for event in check(result, 4)]
    assert times[1] - times[0] > DAY_NS > times[2] - times[0]


@pytest.mark.oldest_and_newest
def test_clocks_time_namespace(kernel: Kernel) -> None:
    """Timestamps are right where the boot time of this process is not the kernel's."""
    command = python(IMPORTS + CALL)
    argv = [TRACEE_REF, "-f", "event=getppid", "-o", "json", "--", *command]
    events = check(run(kernel, [*IN_OTHER_TIME, *argv]), 1)
    started = events[0]["timestamp"] - events[0]["threadStartTime"]
    assert 0 < started < 100 * NS_PER_SECOND


@pytest.mark.host_only
def test_clocks_new_processes(kernel: Kernel) -> None:
    """In another time namespace, too, `pid=new` are the processes after the start."""
    errors = f"/tmp/tracee-ref-clocks-{time.time_ns()}"
    script = NEW_PROCESSES.format(tracer=TRACEE_REF, errors=errors)
    result = run(kernel, [*IN_OTHER_TIME, "sh", "-c", script])
    assert result.status == 0, result.stderr
    exits = [event for event in result.events if event["processName"] == "true"]
    assert len(exits) == 1
    before, after = (int(line) for line in result.lines if not line.startswith("{"))
    assert before - ERROR_NS <= exits[0]["timestamp"] <= after + ERROR_NS
