# SPDX-License-Identifier: Apache-2.0
"""Starts of the tracer while processes fork and exec all the time."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from functools import partialmethod
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from tracee_ref.kernel.plan import Settings
from tracee_ref.kernel.seed.processes import ProcessSeeder
from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing, wait_for
from vmtests.handlers.limits import loaded, scopes_of

PROCESSES = 40
"""Minimum number of processes that start while tracing is on."""


@handler
def forking(*, source: str, argv: list[str]) -> Reply:
    """Trace a Python program that runs before the tracer starts and until SIGTERM.

    ``{root}`` in the tracer's arguments is the program's process id.  The program appends a line
    for each process to ``journal`` in its directory; the reply has the lines, and the time when
    tracing was on (ns, CLOCK_BOOTTIME).
    """
    with TemporaryDirectory(prefix="tracee-ref-") as directory:
        journal = Path(directory) / "journal"
        program = subprocess.Popen([sys.executable, "-I", "-S", "-c", source, directory])
        try:
            words = [word.format(root=program.pid) for word in argv]
            with tracing(words) as reply:
                tracing_since = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
                target = lines(journal) + PROCESSES
                wait_for(lambda: lines(journal) >= target, 60)
                program.send_signal(signal.SIGTERM)
                program.wait(60)
        finally:
            program.kill()
        written = journal.read_text(encoding="ascii").splitlines()
    return reply | {"journal": written, "tracing_since": tracing_since, "root": program.pid}


@handler
def storm(*, source: str, flags: list[str]) -> Reply:
    """Attach the programs while a Python program forks all the time; return how long it took (s).

    ``{root}`` in the flags is the program's process id.  The program writes a line first, and ends
    when its standard input does.
    """
    command = [sys.executable, "-I", "-S", "-c", source]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert program.stdout
    program.stdout.readline()
    try:
        scopes = scopes_of(*(flag.format(root=program.pid) for flag in flags))
        with loaded(Settings(scopes, ring_bytes=1 << 20)) as tracer:
            start = time.monotonic()
            tracer.attach()
            seconds = time.monotonic() - start
            tracer.start()
            time.sleep(0.5)
            tracer.stop()
            totals = {name: sum(values) for name, values in tracer.counters().items()}
    finally:
        program.communicate()
    return {"seconds": seconds, "counters": totals}


@handler
def bounded(*, source: str, flags: list[str], first: float) -> Reply:
    """Attach the programs, with ``first`` seconds for the first reading of /proc, beside a program.

    ``{root}`` in the flags is its process id; it writes a line when its processes are there, and
    they exit when its standard input ends.  Return how long it took (s), the number of processes
    that were not read, and the counters.
    """
    command = [sys.executable, "-I", "-S", "-c", source]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert program.stdout
    program.stdout.readline()
    scopes = scopes_of(*(flag.format(root=program.pid) for flag in flags))
    seed = partialmethod(ProcessSeeder.seed_all, first, first)
    with (
        patch.object(ProcessSeeder, "seed_all", seed),
        loaded(Settings(scopes, ring_bytes=1 << 22)) as tracer,
    ):
        start = time.monotonic()
        tracer.attach()
        seconds = time.monotonic() - start
        tracer.start()
        program.communicate()
        tracer.stop()
        totals = {name: sum(values) for name, values in tracer.counters().items()}
        return {"seconds": seconds, "unread": tracer.unread, "counters": totals}


def lines(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0
