# SPDX-License-Identifier: Apache-2.0
"""Processes that start while the tracer starts: none missed, none twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tracee_ref.kernel.seed.processes import SEED_SECONDS
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced

SETUP = """
import os, signal, sys, time
journal = os.open(sys.argv[1] + "/journal", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
running = True
def stop(*_):
    global running
    running = False
signal.signal(signal.SIGTERM, stop)
alive, held = os.pipe()

def record():
    os.write(journal, b"%d %d\\n" % (os.getpid(), time.clock_gettime_ns(time.CLOCK_BOOTTIME)))
"""

TEARDOWN = """
# The read returns when the last process with the write end has exited, and was reported.
os.close(held)
os.read(alive, 1)
"""

ORPHANS = (
    SETUP
    + """
while running:
    if os.fork() == 0:
        os.fork()
        record()
        os._exit(0)
    os.wait()
    time.sleep(0.01)  # leave time for an emulated tracer to start
"""
    + TEARDOWN
)
"""Forks children whose own children outlive them: /proc does not have their first parent."""

LONG_LIVING = (
    SETUP
    + """
def fork_on():
    while running:
        if os.fork() == 0:
            time.sleep(0.5)
            record()
            os._exit(0)
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        time.sleep(0.001)
    record()
    os._exit(0)

forking = [os.fork() or fork_on() for _ in range(4)]
while running:
    time.sleep(0.01)
for pid in forking:
    os.kill(pid, signal.SIGTERM)
"""
    + TEARDOWN
)
"""Forks children that live until tracing is on, whenever they were forked."""

EXECS = (
    SETUP
    + """
while running:
    if os.fork() == 0:
        record()
        os.set_inheritable(held, True)
        os.execv("/bin/busybox", ["true"])
    os.wait()
    time.sleep(0.01)  # leave time for an emulated tracer to start
"""
    + TEARDOWN
)
BUSYBOX = Path("/bin/busybox").resolve()

STARTS = 6
"""Number of runs: at every other start no process is forked in the short critical moment."""


def ends(kernel: Kernel, source: str, flags: list[str]) -> tuple[Counter[int], dict[int, int], int]:
    """Return exit events by pid, the processes of the journal, and the start of tracing in ns."""
    argv = ["-o", "json", "-f", "event=sched_process_exit"]
    for flag in flags:
        argv += ["-f", flag]
    reply = kernel.ask("startup.forking", {"source": source, "argv": argv}, seconds=300)
    result = Traced.from_reply(reply)
    assert result.status == 0, result.stderr
    assert result.account.balances()
    assert "matched without" not in result.stderr
    lines = (line.split() for line in reply["journal"])
    started = {int(pid): int(time) for pid, time in lines}
    exits = Counter(e["hostProcessId"] for e in result.events if e["matchedScopes"] & 1)
    exits.pop(reply["root"], None)
    return exits, started, reply["tracing_since"]


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(["tree={root}"], marks=pytest.mark.host_only),
        ["tree={root}", "follow", "binary!=/none"],
    ],
)
def test_startup_forks(kernel: Kernel, flags: list[str]) -> None:
    """Forks of short-living processes while the tracer starts."""
    exits, started, tracing_since = ends(kernel, ORPHANS, flags)
    after = {pid for pid, time in started.items() if time > tracing_since}
    assert len(after) > 20, "the program forked too little"
    assert exits.keys() <= started.keys(), "processes of another program"
    assert after <= exits.keys(), f"{len(after - exits.keys())} of {len(after)} were missed"
    assert set(exits.values()) == {1}


@pytest.mark.host_only
def test_startup_long_living_forks(kernel: Kernel) -> None:
    """Forks between the attachment of the hooks and the reading of /proc, by unknown parents."""
    for _ in range(STARTS):
        exits, started, tracing_since = ends(kernel, LONG_LIVING, ["tree={root}"])
        after = {pid for pid, time in started.items() if time > tracing_since}
        assert len(after) > 20, "the program forked too little"
        assert after <= exits.keys() <= started.keys()
        assert set(exits.values()) == {1}


def test_startup_execs(kernel: Kernel) -> None:
    """Execs while the tracer starts replace the binary."""
    flags = ["tree={root}", f"binary={BUSYBOX}", "2:event=sched_process_exit", "2:tree={root}"]
    exits, started, tracing_since = ends(kernel, EXECS, flags)
    after = {pid for pid, time in started.items() if time > tracing_since}
    assert len(after) > 20, "the program executed too little"
    assert after <= exits.keys() <= started.keys()
    assert set(exits.values()) == {1}


CHAINS = """
import os, select, sys
children = [os.fork() for _ in range(2)]
if all(children):
    print("forking", flush=True)
    sys.stdin.read()
    sys.exit()
while not select.select([0], [], [], 0)[0]:  # until the standard input ends
    if os.fork():
        os._exit(0)
"""
"""Processes that fork their successor and exit at once: /proc never shows the one that runs."""

READING_SECONDS = 30
"""What a busy machine takes at most to load the programs, and to read /proc once."""


@pytest.mark.host_only
def test_startup_fork_storm(kernel: Kernel) -> None:
    """A start under a storm of forks ends, and what it does not know is counted."""
    flags = ["event=sched_process_exit", "tree={root}", "binary!=/none"]
    reply = kernel.ask("startup.storm", {"source": CHAINS, "flags": flags}, seconds=120)
    assert reply["seconds"] < SEED_SECONDS + READING_SECONDS
    counters = reply["counters"]
    assert counters["seen"] == counters["filtered"] + counters["submitted"] + counters["lost"]
    assert counters["submitted"] + counters["unknown"] > 0


STORM_SIZE = 500
MANY = f"""
import os, sys
reader, writer = os.pipe()
for _ in range({STORM_SIZE}):
    if os.fork() == 0:
        os.close(writer)
        if os.fork() == 0:  # of every pair one has a parent that is not read either
            os.read(reader, 1)
            os._exit(0)
        os.read(reader, 1)
        os.wait()
        os._exit(0)
storm = os.fork()
while not storm:
    if os.fork() == 0:
        os._exit(0)
    os.wait()
print("forked", flush=True)
sys.stdin.read()
os.kill(storm, 9)
os.close(writer)
for _ in range({STORM_SIZE} + 1):
    os.wait()
"""
"""Processes that wait, a storm of others, and the end of all."""


@pytest.mark.host_only
@pytest.mark.parametrize("first", [0.0, 0.05, 30.0])
def test_startup_bound(kernel: Kernel, first: float) -> None:
    """The reading of /proc ends in time; the answer is right for a process, or it is counted."""
    flags = ["event=sched_process_exit", "tree={root}"]
    request = {"source": MANY, "flags": flags, "first": first}
    reply = kernel.ask("startup.bounded", request, seconds=120)
    counters = reply["counters"]
    assert counters["seen"] == counters["filtered"] + counters["submitted"] + counters["lost"]
    assert counters["submitted"] + counters["lost"] + counters["unknown"] > 2 * STORM_SIZE
    assert (reply["unread"] > 0) == (first < 30)
    assert reply["seconds"] < first + READING_SECONDS
    if not reply["unread"]:
        assert counters["unknown"] == 0
