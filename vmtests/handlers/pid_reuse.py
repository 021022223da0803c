# SPDX-License-Identifier: Apache-2.0
"""Traced processes whose id is reused at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing

WORKLOAD = """
import ctypes, os, struct, sys, time
SYS_CLONE3, SIGCHLD = 435, 17
syscall = ctypes.CDLL(None, use_errno=True).syscall

def fork(pid):
    "Fork a process with this id, or with any if 0; return -1 if the id is in use."
    ids = ctypes.c_int(pid)
    ids_at, count = (ctypes.addressof(ids), 1) if pid else (0, 0)
    arguments = struct.pack("11Q", 0, 0, 0, 0, SIGCHLD, 0, 0, 0, ids_at, count, 0)
    child = syscall(SYS_CLONE3, arguments, len(arguments))
    if child == 0:
        time.sleep(0.1)
        os._exit(0)
    return child

def fork_again(pid):
    child = fork(pid)
    return child if child > 0 else fork(0)

sys.stdin.readline()
children = [fork(0) for _ in range(int(sys.argv[1]))]
for _ in range(int(sys.argv[2]) - 1):
    for index, child in enumerate(children):
        os.waitpid(child, 0)
        children[index] = fork_again(child)
for child in children:
    os.waitpid(child, 0)
"""
"""Forks processes, again and again with the same ids (clone3, ``set_tid``)."""


@handler
def traced(*, flags: list[str], processes: int, rounds: int) -> Reply:
    """Trace a program that forks ``processes`` in each round; in flags, ``{root}`` is its id."""
    python = [sys.executable, "-I", "-S", "-c", WORKLOAD, str(processes), str(rounds)]
    root = subprocess.Popen(python, stdin=subprocess.PIPE, text=True)
    options = [word for flag in flags for word in ("-f", flag.format(root=root.pid))]
    with tracing([*options, "-o", "json"]) as reply:
        root.communicate("\n")
    return reply


TRACEFS = Path("/sys/kernel/tracing")
PID_MAX = Path("/proc/sys/kernel/pid_max")
SLOWED = "htab_lru_map_delete_elem"
"""Kernel function that deletes an element of the map of trees."""

PROBES = 16


@handler
def few_ids(*, program: str, pid_max: int, workers: int, rounds: int, generations: int) -> Reply:
    """Trace the tree of a program that forks while few ids are free; ``forked`` are its ids."""
    argv = [program, *map(str, (workers, rounds, generations))]
    root = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    options = ["-f", "event=sched_process_exit", "-f", f"tree={root.pid}", "-o", "json"]
    with slow_deletes(), tracing(options) as reply, setting(PID_MAX, str(pid_max)):
        forked, _ = root.communicate("\n")
    reply["forked"] = [root.pid, *map(int, forked.split())]
    return reply


@contextmanager
def setting(path: Path, value: str) -> Iterator[None]:
    """Set a value of the kernel during a block."""
    before = path.read_text()
    path.write_text(value)
    try:
        yield
    finally:
        path.write_text(before)


@contextmanager
def slow_deletes() -> Iterator[None]:
    """Have the kernel record its stack some times at each delete, which takes a millisecond."""
    names = [f"slow/delete{number}" for number in range(PROBES)]
    for name in names:
        append(TRACEFS / "kprobe_events", f"p:{name} {SLOWED}")
        append(TRACEFS / "events" / name / "trigger", "stacktrace")
    try:
        yield
    finally:
        for name in names:
            append(TRACEFS / "events" / name / "trigger", "!stacktrace")
            append(TRACEFS / "kprobe_events", f"-:{name}")


def append(path: Path, text: str) -> None:
    """Write a line to a file of tracefs, none of which can seek to its end."""
    with path.open("r+", buffering=1) as file:
        file.write(f"{text}\n")
