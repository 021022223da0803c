# SPDX-License-Identifier: Apache-2.0
"""Whether this kernel preempts the programs that run at its raw tracepoints.

Tracepoints leave preemption on since a46023d5616e of January 2026.  While a program is stopped in
its middle, the kernel does not run it for another task on that CPU: that event would be missed.
Programs at perf events (tracepoints, kprobes) run with preemption off there too, as before; but
those of single calls (syscalls:sys_enter_NAME) do not any more, seen on 7.2.
"""

from __future__ import annotations

import os
import re
from typing import Final

from .features import KPROBES
from .tracefs import private_mount

FIRST: Final = (6, 19)
"""No release before it has that; no type or function of the kernel tells."""


SELDOM: Final = re.compile(r"\((none|voluntary)\)")
"""The modes in which the kernel gives up the CPU in places of its own choice only."""


def preempts_raw_tracepoints() -> bool:
    """Whether a program at a raw tracepoint can be stopped in its middle."""
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return release is not None and (int(release[1]), int(release[2])) >= FIRST


def preempts_functions() -> bool:
    """Whether a program at a function of the kernel (fentry, fexit) can be stopped in its middle.

    It is as any code of the kernel there.  How the scheduler was set when it
    booted is told by a file since 5.13 (1011dcce99f8).
    """
    version = os.uname().version
    if "PREEMPT" not in version:
        return False
    return "PREEMPT_DYNAMIC" not in version or not SELDOM.search(_scheduler_mode())


def _scheduler_mode() -> str:
    try:
        root = private_mount("debugfs")
    except OSError:
        return ""
    try:
        with os.fdopen(os.open("sched/preempt", os.O_RDONLY, dir_fd=root)) as file:
            return file.read()
    except OSError:
        return ""
    finally:
        os.close(root)


def steady_hooks() -> bool:
    """Whether programs are to run at perf events instead; forks and execs need kprobes there."""
    return preempts_raw_tracepoints() and KPROBES.exists()
