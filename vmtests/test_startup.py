# SPDX-License-Identifier: Apache-2.0
"""Between the snapshot of /proc and the first event nothing goes missing or comes twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced

BEGIN = """
import os, signal, sys, time
journal = os.open(sys.argv[1] + "/journal", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
going = True
def stop(*_):
    global going
    going = False
signal.signal(signal.SIGTERM, stop)
alive, held = os.pipe()

def note():
    os.write(journal, b"%d %d\\n" % (os.getpid(), time.clock_gettime_ns(time.CLOCK_BOOTTIME)))
"""

END = """
# The end of the pipe comes when its last holder has closed it: after its exit was reported.
os.close(held)
os.read(alive, 1)
"""

ORPHANS = (
    BEGIN
    + """
while going:
    if os.fork() == 0:
        os.fork()
        note()
        os._exit(0)
    os.wait()
    time.sleep(0.01)  # an emulated tracer must come to start beside us
"""
    + END
)
"""Forks children whose own children outlive them: /proc does not tell who forked these."""

LASTING = (
    BEGIN
    + """
def fork_on():
    while going:
        if os.fork() == 0:
            time.sleep(0.5)
            note()
            os._exit(0)
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        time.sleep(0.001)
    note()
    os._exit(0)

forking = [os.fork() or fork_on() for _ in range(4)]
while going:
    time.sleep(0.01)
for pid in forking:
    os.kill(pid, signal.SIGTERM)
"""
    + END
)
"""Processes that fork children that live on until tracing is on, whenever they were forked."""

EXECS = (
    BEGIN
    + """
while going:
    if os.fork() == 0:
        note()
        os.set_inheritable(held, True)
        os.execv("/bin/busybox", ["true"])
    os.wait()
    time.sleep(0.01)  # an emulated tracer must come to start beside us
"""
    + END
)
BUSYBOX = Path("/bin/busybox").resolve()

STARTS = 6
"""The moment that a test is about is so short that nothing falls into it at every other start."""


def ends(kernel: Kernel, source: str, flags: list[str]) -> tuple[Counter[int], dict[int, int], int]:
    """The processes whose end was shown, those of the journal, and when tracing was on."""
    argv = ["-o", "json", "-f", "event=sched_process_exit"]
    for flag in flags:
        argv += ["-f", flag]
    reply = kernel.ask("startup.forking", {"source": source, "argv": argv}, seconds=300)
    result = Traced.from_reply(reply)
    assert result.status == 0, result.stderr
    assert result.account.balances()
    assert "matched without" not in result.stderr
    lines = (line.split() for line in reply["journal"])
    noted = {int(pid): int(time) for pid, time in lines}
    shown = Counter(e["hostProcessId"] for e in result.events if e["matchedScopes"] & 1)
    shown.pop(reply["root"], None)
    return shown, noted, reply["tracing_since"]


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(["tree={root}"], marks=pytest.mark.host_only),
        ["tree={root}", "follow", "binary!=/none"],
    ],
)
def test_startup_forks(kernel: Kernel, flags: list[str]) -> None:
    shown, noted, began = ends(kernel, ORPHANS, flags)
    after = {pid for pid, time in noted.items() if time > began}
    assert len(after) > 20, "the program forked too little"
    assert shown.keys() <= noted.keys(), "processes of somebody else"
    assert after <= shown.keys(), f"{len(after - shown.keys())} of {len(after)} were missed"
    assert set(shown.values()) == {1}


@pytest.mark.host_only
def test_startup_long_living_forks(kernel: Kernel) -> None:
    """Some come between the hooks and our look at /proc, from a parent that is not known yet."""
    for _ in range(STARTS):
        shown, noted, began = ends(kernel, LASTING, ["tree={root}"])
        after = {pid for pid, time in noted.items() if time > began}
        assert len(after) > 20, "the program forked too little"
        assert after <= shown.keys() <= noted.keys()
        assert set(shown.values()) == {1}


def test_startup_execs(kernel: Kernel) -> None:
    flags = ["tree={root}", f"binary={BUSYBOX}", "2:event=sched_process_exit", "2:tree={root}"]
    shown, noted, began = ends(kernel, EXECS, flags)
    after = {pid for pid, time in noted.items() if time > began}
    assert len(after) > 20, "the program executed too little"
    assert after <= shown.keys() <= noted.keys()
    assert set(shown.values()) == {1}
