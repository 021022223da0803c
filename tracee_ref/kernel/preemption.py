"""Whether this kernel preempts the programs that run at its raw tracepoints.

Since Linux 6.19 tracepoints leave preemption on.  While a program is stopped in its middle, the
kernel does not run it for another task on that CPU: that event would be missed.  Programs at
perf events (tracepoints, kprobes) run with preemption off there too, as before; but those of
single calls (syscalls:sys_enter_NAME) do not any more, seen on 7.2.
"""

from __future__ import annotations

import os
import re
from typing import Final

from .functions import KPROBES

FIRST: Final = (6, 19)
"""The release from which on; no type or function of the kernel tells."""


def preempts_raw_tracepoints() -> bool:
    """Whether a program at a raw tracepoint can be stopped in its middle."""
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return release is not None and (int(release[1]), int(release[2])) >= FIRST


def steady_hooks() -> bool:
    """Whether programs are to run at perf events instead; forks and execs need kprobes there."""
    return preempts_raw_tracepoints() and KPROBES.exists()
