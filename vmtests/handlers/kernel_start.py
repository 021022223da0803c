# SPDX-License-Identifier: Apache-2.0
"""Programs that the kernel executes."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path

from vmtests.handlers import Reply, handler
from vmtests.handlers.background import tracing

CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")


@handler
def core_dump(*, options: list[str], program: str) -> Reply:
    """Trace while the kernel passes a core dump to a program (core(5))."""
    before = CORE_PATTERN.read_text()
    CORE_PATTERN.write_text(f"|{program} %p")
    try:
        with tracing(options) as reply:
            pid = os.fork()
            if pid == 0:
                resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, resource.RLIM_INFINITY))
                os.kill(os.getpid(), signal.SIGQUIT)
                os._exit(0)
            os.waitpid(pid, 0)
            time.sleep(0.5)
    finally:
        CORE_PATTERN.write_text(before)
    return reply
