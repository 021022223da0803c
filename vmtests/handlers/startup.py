"""Requests for runs of the tracer beside processes that never stop to fork and to exec."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing, wait_for

PROCESSES = 40
"""That are to be made while tracing is on."""


@handler
def forking(*, source: str, argv: list[str]) -> Reply:
    """Trace a Python program that runs before the tracer starts and until it is told to end.

    ``{root}`` in the tracer's arguments is the program's process id.  The program appends a line
    to ``journal`` in its directory for each process; the reply has them, and the time on the
    boot clock when tracing was on.
    """
    with TemporaryDirectory(prefix="tracee-ref-") as place:
        journal = Path(place) / "journal"
        program = subprocess.Popen([sys.executable, "-I", "-S", "-c", source, place])
        try:
            words = [word.format(root=program.pid) for word in argv]
            with tracing(words) as reply:
                began = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
                enough = lines(journal) + PROCESSES
                wait_for(lambda: lines(journal) >= enough, 60)
                program.send_signal(signal.SIGTERM)
                program.wait(60)
        finally:
            program.kill()
        noted = journal.read_text(encoding="ascii").splitlines()
    return reply | {"journal": noted, "began": began, "root": program.pid}


def lines(journal: Path) -> int:
    """How many processes have noted themselves."""
    return journal.read_bytes().count(b"\n") if journal.exists() else 0
