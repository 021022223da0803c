"""Runs of the tracer's command line, in a child of the agent that has it imported already.

To start Python and to import takes an emulated guest longer than to trace, and so does what every
start finds out again: what packages announce, and the kernel's types.
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
from tracee_ref.kernel.build.cache import DIRECTORY
from tracee_ref.kernel.plan import KernelPlan, Settings
from tracee_ref.kernel.tracer import KernelTracer
from tracee_ref.signatures.registry import load_signatures
from vmtests.handlers import Reply, handler

EXIT_OF_A_CRASH = 70
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""A guest's own begins elsewhere, and what PATH finds is part of an exec's arguments."""


@handler
def run(*, argv: list[str], seconds: float, programs: str = "") -> Reply:
    """The exit status of ``tracee-ref ARGV`` (null if it ran out of time) and what it wrote.

    ``programs`` names another directory for compiled programs.
    """
    with appended_file() as out, appended_file() as err:
        pid = fork_tracer(argv, out, err, programs)
        status = _wait(pid, seconds, err)
        return {"exit": status, "pid": pid, "stdout": written(out), "stderr": written(err)}


@contextmanager
def appended_file() -> Iterator[IO[bytes]]:
    """A file that several write to, each behind what is there.

    Without O_APPEND a ``cat`` of coreutils 9 copies to where the file ended when it looked
    (copy_file_range), over what the tracer wrote since.
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
    """Have in the agent what each of its children would find out again.

    What is frozen the collector of a child does not touch, so that it need not be copied.
    """
    events = load_signatures((), print).events
    settings = Settings(parse_filters(["event=execve"], events), ring_bytes=1 << 20)
    KernelTracer(KernelPlan(settings)).close()
    gc.freeze()


def become_tracer(argv: list[str], out: IO[bytes], err: IO[bytes]) -> NoReturn:
    """Turn a child of the agent into ``tracee-ref ARGV``, in a session of its own."""
    os.setsid()
    os.environ["PATH"] = PATH
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    Path("/proc/self/comm").write_text("tracee-ref")
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    status = EXIT_OF_A_CRASH
    try:
        cli.main(argv)
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _wait(pid: int, seconds: float, err: IO[bytes]) -> int | None:
    """Wait for the end of a child; when the time is over say where it is, and kill its session."""

    def late(*_: object) -> None:
        os.write(err.fileno(), whereabouts(pid).encode())
        os.killpg(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    signal.setitimer(signal.ITIMER_REAL, 0)
    return None if code == -signal.SIGKILL else code


def whereabouts(session: int) -> str:
    """The state of every thread of a session, and where in the kernel it waits."""
    told = []
    for directory in Path("/proc").glob("[0-9]*/task/[0-9]*"):
        try:
            name, _, fields = (directory / "stat").read_text("latin-1").rpartition(")")
            if fields.split()[3] == str(session):
                stack = (directory / "stack").read_text()
                told.append(f"{name}): {fields.split()[0]}\n{stack}")
        except OSError:  # it has gone, or a kernel without stacks
            continue
    return "not at its end in time:\n" + "".join(told)


def written(file: IO[bytes]) -> str:
    """What was written to a file so far."""
    file.seek(0)
    return file.read().decode(errors="backslashreplace")
