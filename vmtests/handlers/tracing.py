# SPDX-License-Identifier: Apache-2.0
"""Runs of the tracer's command line in a forked child of the agent.

The agent has imported the tracer and loaded entry points and BTF: in an emulated guest, doing this
at each start would take longer than the tracing.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, NoReturn

from tracee_ref import cli
from tracee_ref.filters.parse import parse_filters
from tracee_ref.kernel.build.cache import CALLERS, DIRECTORY
from tracee_ref.kernel.plan import KernelPlan, Settings
from tracee_ref.kernel.tracer import KernelTracer
from tracee_ref.signatures.registry import load_signatures
from vmtests.handlers import Reply, handler

CRASH_STATUS = 70
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The same on every kernel: the path that PATH finds is an argument of an exec."""


@handler
def run(*, argv: list[str], seconds: float, programs: str = "") -> Reply:
    """Run ``tracee-ref ARGV``; return its exit status (None after a timeout) and its output.

    ``programs`` is another directory for compiled programs.
    """
    with appended_file() as out, appended_file() as err:
        pid = fork_tracer(argv, out, err, programs)
        status = _wait(pid, seconds, err)
        return {"exit": status, "pid": pid, "stdout": written(out), "stderr": written(err)}


@contextmanager
def appended_file() -> Iterator[IO[bytes]]:
    """Open a temporary file with O_APPEND, for several writers.

    Without O_APPEND a ``cat`` of coreutils 9 copies to the offset of the end that it read before
    (copy_file_range), over what the tracer has written since.
    """
    with tempfile.TemporaryFile() as file:
        fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) | os.O_APPEND)
        yield file


def fork_tracer(argv: list[str], out: IO[bytes], err: IO[bytes], programs: str = "") -> int:
    """Start ``tracee-ref ARGV`` in a child of the agent; return its process id."""
    prepare()
    pid = os.fork()
    if pid == 0:
        if programs:
            os.environ[DIRECTORY] = programs
        become_tracer(argv, out, err)
    return pid


@cache
def prepare() -> None:
    """Load in the agent what each child would load again.

    The garbage collector of a child does not touch frozen objects, so their pages stay shared.
    """
    events = load_signatures((), print).events
    settings = Settings(parse_filters(["event=execve"], events), ring_bytes=1 << 20)
    KernelTracer(KernelPlan(settings)).close()
    gc.freeze()


def become_tracer(argv: list[str], out: IO[bytes], err: IO[bytes]) -> NoReturn:
    """Run ``tracee-ref ARGV`` in this child of the agent, in a session of its own, and exit."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored by the jobs of a script
    os.environ["PATH"] = PATH
    for name in CALLERS:  # of `sudo make test`; a tracer run by sudo ignores the variable
        os.environ.pop(name, None)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    Path("/proc/self/comm").write_text("tracee-ref")
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    status = CRASH_STATUS
    try:
        cli.main(argv)
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _wait(pid: int, seconds: float, err: IO[bytes]) -> int | None:
    """Wait until a child exits; at a timeout, write its stacks to ``err`` and kill its session."""

    def timeout(*_: object) -> None:
        os.write(err.fileno(), session_stacks(pid).encode())
        os.killpg(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, timeout)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    signal.setitimer(signal.ITIMER_REAL, 0)
    return None if code == -signal.SIGKILL else code


def session_stacks(session: int) -> str:
    """Return state and kernel stack of every thread of a session."""
    threads = []
    for directory in Path("/proc").glob("[0-9]*/task/[0-9]*"):
        try:
            name, _, fields = (directory / "stat").read_text("latin-1").rpartition(")")
            if fields.split()[3] == str(session):
                stack = (directory / "stack").read_text()
                threads.append(f"{name}): {fields.split()[0]}\n{stack}")
        except OSError:  # the thread has exited, or the kernel has no stacks
            continue
    return "timeout; threads:\n" + "".join(threads)


def written(file: IO[bytes]) -> str:
    """Return the content of a file so far."""
    file.seek(0)
    return file.read().decode(errors="backslashreplace")
