# SPDX-License-Identifier: Apache-2.0
"""Workload for all rows of the table of Tracee v0.12 bugs."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing

MAIN, CHILD, RENAMED = "bug (1) w", "c) 1 (", "changed"
TRUE = os.path.realpath("/bin/true")
FALSE = os.path.realpath("/bin/false")
ROUNDS = 50
UID = 1000
PR_SET_NAME = 15


@handler
def traced(*, scopes: Mapping[str, Sequence[str]]) -> Reply:
    """Trace the workload under scopes, which are the flags by name.

    In flags ``{pid}`` is the workload's process, ``{mntns}`` and ``{pidns}`` are its namespaces.
    """
    ready, started = os.pipe()
    wait, release = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ready)
        os.close(release)
        in_child(lambda: work(started, wait))
    os.close(started)
    os.close(wait)
    os.read(ready, 1)
    names = {name: Path(f"/proc/self/ns/{name}").stat().st_ino for name in ("mnt", "pid")}
    values = {"pid": pid, "mntns": names["mnt"], "pidns": names["pid"], "true": TRUE}
    options = [
        word
        for number, flags in enumerate(scopes.values(), 1)
        for flag in flags
        for word in ("-f", f"{number}:{flag.format_map(values)}")
    ]
    try:
        with tracing([*options, "-o", "json"]) as reply:
            os.write(release, b"xx")  # a close would not do: the tracer inherited this end
            os.waitpid(pid, 0)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    return {**reply, **values}


def in_child(act: Callable[[], None]) -> None:
    """Call ``act`` in a forked process and exit."""
    try:
        act()
    finally:
        os._exit(0)


def forked(act: Callable[[], None]) -> None:
    """Call ``act`` in a child and wait until it exits."""
    pid = os.fork()
    if pid == 0:
        in_child(act)
    os.waitpid(pid, 0)


def work(started: int, wait: int) -> None:
    """Start before the tracer, with a child, and continue when tracing is on."""
    rename(MAIN)
    child = os.fork()
    if child == 0:
        in_child(lambda: older(started, wait))
    os.read(wait, 1)
    os.waitpid(child, 0)
    for _ in range(ROUNDS):
        os.getppid()
        os.getpgrp()
    thread = threading.Thread(target=os.getppid)
    thread.start()
    thread.join()
    os.close(os.open("/etc/hostname", os.O_RDONLY))
    os.close(os.open("/proc/uptime", os.O_RDONLY))
    try:
        os.open("/etc/hostname/nothing", os.O_RDONLY)
    except NotADirectoryError:
        forked(other_user)
    forked(debugged)
    for program in (TRUE, FALSE):
        forked(lambda program=program: os.execv(program, [program]))  # type: ignore[misc]


def older(started: int, wait: int) -> None:
    """Run as a child that is older than the tracer."""
    rename(CHILD)
    os.write(started, b"x")
    os.read(wait, 1)
    os.getppid()


def other_user() -> None:
    """Change uid and comm between two syscalls."""
    os.setresuid(UID, UID, UID)
    os.getppid()
    rename(RENAMED)
    os.getppid()


def debugged() -> None:
    """Call PTRACE_TRACEME several times; only the first succeeds."""
    libc = ctypes.CDLL(None, use_errno=True)
    for _ in range(ROUNDS):
        libc.ptrace(0, 0, 0, 0)


def rename(name: str) -> None:
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
