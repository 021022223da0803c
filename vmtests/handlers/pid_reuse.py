# SPDX-License-Identifier: Apache-2.0
"""Traced processes whose id is reused at once."""

from __future__ import annotations

import subprocess
import sys

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
