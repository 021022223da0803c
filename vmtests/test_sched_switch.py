# SPDX-License-Identifier: Apache-2.0
"""sched_switch: one event for each task switch that the kernel counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments, python, trace

WORKLOAD = """
import ctypes, json, os, resource
libc = ctypes.CDLL(None)
def name(text):
    libc.prctl(15, text, 0, 0, 0)
def switches():
    usage = resource.getrusage(resource.RUSAGE_THREAD)
    return usage.ru_nvcsw + usage.ru_nivcsw
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
there, back, told = os.pipe(), os.pipe(), os.pipe()
name(b"ping")
child = os.fork()
if child == 0:
    name(b"pong")
    for _ in range(50):
        os.read(there[0], 1)
        os.write(back[1], b"x")
    before, after = -1, 0
    while before != after:
        before = switches()
        os.getppid()
        after = switches()
    os.write(told[1], b"%d" % after)
    os._exit(0)
for _ in range(50):
    os.write(there[1], b"x")
    os.read(back[0], 1)
print("facts", json.dumps({"child": child, "switches": int(os.read(told[0], 9))}))
os.wait()
"""
FLAGS = (
    "-f 1:event=sched_switch,getppid -f 2:event=sched_switch -f 2:comm=ping"
    " -f 3:event=sched_switch -f 3:sched_switch.args.next_comm=pong"
    " -f 4:event=sched_switch -f 4:sched_switch.args.prev_comm!=pi* -f 4:comm=ping -o json"
)


def facts_of(traced: Traced) -> dict[str, int]:
    (line,) = [line for line in traced.lines if line.startswith("facts ")]
    facts: dict[str, int] = json.loads(line.removeprefix("facts "))
    return facts


def switches(traced: Traced) -> list[dict[str, Any]]:
    return [e for e in traced.events if e["eventName"] == "sched_switch"]


@pytest.mark.oldest_and_newest
def test_sched_switch_counted(kernel: Kernel) -> None:
    """A thread has as many events as getrusage() counts switches."""
    traced = trace(kernel, FLAGS, python(WORKLOAD), cached=True)
    facts = facts_of(traced)
    own = [e for e in traced.events if e["hostThreadId"] == facts["child"]]
    last = max(i for i, e in enumerate(own) if e["eventName"] == "getppid")
    before = [e for e in own[:last] if e["eventName"] == "sched_switch"]
    assert len(before) == facts["switches"] >= 25
    assert own[-1]["eventName"] == "sched_switch"  # for good
    assert traced.account.balances()


@pytest.mark.oldest_and_newest
def test_sched_switch_arguments(kernel: Kernel) -> None:
    """The facts are those of the previous task, the masks those of both."""
    traced = trace(kernel, FLAGS, python(WORKLOAD), cached=True)
    child = facts_of(traced)["child"]
    for event in switches(traced):
        values = arguments(event)
        assert values["cpu"] == event["processorId"]
        assert values["prev_tid"] == event["hostThreadId"]
        assert values["prev_comm"] == event["processName"]
        assert values["next_tid"] != values["prev_tid"]
        to_child, from_ping = values["next_comm"] == "pong", values["prev_comm"] == "ping"
        assert not to_child or values["next_tid"] == child
        assert event["matchedScopes"] == 1 | from_ping << 1 | to_child << 2
    assert sum(arguments(e)["next_comm"] == "pong" for e in switches(traced)) >= 25
    assert traced.account.withheld == 0


@pytest.mark.host_only
def test_sched_switch_filtered(kernel: Kernel) -> None:
    """The kernel applies filters on names already."""
    flags = "-f event=sched_switch -f sched_switch.args.next_comm=pong -o json"
    traced = trace(kernel, flags, python(WORKLOAD))
    assert {arguments(e)["next_comm"] for e in traced.events} == {"pong"}
    assert traced.account.filtered > 0 == traced.account.withheld
