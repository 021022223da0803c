"""Requests for runs of the tracer beside processes that never stop to fork and to exec."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing

RUN_ON_SECONDS = 0.5


@handler
def forking(*, source: str, argv: list[str]) -> Reply:
    """Trace a Python program that runs before the tracer starts and until it is told to end.

    ``{root}`` in the tracer's arguments is the program's process id.  The program appends a line
    to ``journal`` in its directory for each process; the reply has them, and the time on the
    boot clock when tracing was on.
    """
    with TemporaryDirectory(prefix="tracee-ref-") as place:
        program = subprocess.Popen([sys.executable, "-I", "-S", "-c", source, place])
        try:
            words = [word.format(root=program.pid) for word in argv]
            with tracing(words) as reply:
                began = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
                time.sleep(RUN_ON_SECONDS)
                program.send_signal(signal.SIGTERM)
                program.wait(60)
        finally:
            program.kill()
        journal = (Path(place) / "journal").read_text(encoding="ascii")
    return reply | {"journal": journal.splitlines(), "began": began, "root": program.pid}
