# SPDX-License-Identifier: Apache-2.0
"""Runs of the tracer in the background, without a command, until SIGINT."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vmtests.handlers import Reply
from vmtests.handlers.tracing import appended_file, fork_tracer, written

READY = "tracee-ref: tracing\n"
POLL_SECONDS = 0.05
START_SECONDS = 120.0
END_SECONDS = 60.0


@contextmanager
def tracing(argv: list[str]) -> Iterator[Reply]:
    """Run ``tracee-ref ARGV`` during a block, which is entered when tracing is on.

    The reply has the process id; after the block also the exit status and the output.
    """
    reply: Reply = {}
    with appended_file() as out, appended_file() as err:
        pid = fork_tracer(argv, out, err)
        try:
            wait_for(lambda: READY in written(err) or ended(pid), START_SECONDS)
            reply["pid"] = pid
            yield reply
        finally:
            if not ended(pid):
                os.kill(pid, signal.SIGINT)
            wait_for(lambda: ended(pid), END_SECONDS)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            reply |= {"exit": status, "stdout": written(out), "stderr": written(err)}


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Poll until the condition holds; raise TimeoutError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not in {seconds:g} s")
        time.sleep(POLL_SECONDS)


def ended(pid: int) -> bool:
    """Return whether a child has exited, without reaping it."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
