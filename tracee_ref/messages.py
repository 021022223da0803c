# SPDX-License-Identifier: Apache-2.0
"""Lines on stderr, which a full disk or a reader that does not read cannot stop."""

from __future__ import annotations

import os
import select
from typing import Final

from .strings import visible

STDERR_FD: Final = 2
PROGRAM: Final = "tracee-ref"

WAIT_MS: Final = 1000
"""Time that a line waits for the reader of stderr; the lines after it do not wait."""

_waits_ms = [WAIT_MS]


def log(line: str) -> None:
    """Print a line to stderr; it is lost if that is closed, full, or not read."""
    data = f"{PROGRAM}: {visible(line)}\n".encode(errors="backslashreplace")
    for start in range(0, len(data), select.PIPE_BUF):
        if not _write(data[start : start + select.PIPE_BUF]):
            return


def _write(data: bytes) -> bool:
    """Write at most PIPE_BUF bytes, for which a pipe that is ready has room."""
    poll = select.poll()
    poll.register(STDERR_FD, select.POLLOUT)
    ready = poll.poll(_waits_ms[0])
    _waits_ms[0] = WAIT_MS if ready else 0
    try:
        return bool(ready) and os.write(STDERR_FD, data) > 0
    except OSError:
        return False
