# SPDX-License-Identifier: Apache-2.0
"""Signals at moments of a run of the tracer, from its start to its end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from vmtests.handlers import Reply, handler

TRACED = "tracee-ref: tracing"


@handler
def at_moments(
    *, argv: list[str], numbers: list[int], moments: int, seconds: float, parallel: int
) -> Reply:
    """Send each signal to runs of ``argv`` at moments over a run, and somewhat longer.

    They go to the tracer alone and to its process group in turn.  The reply has, for each run, the
    signal, the target, the moment in s, the exit status and the lines of stderr.
    """
    began = time.monotonic()
    subprocess.run(argv, timeout=seconds, check=True, capture_output=True)
    span = 1.5 * (time.monotonic() - began)
    runs = [
        (number, bool((moment + index) % 2), span * moment / moments)
        for moment in range(moments)
        for index, number in enumerate(numbers)
    ]
    with ThreadPoolExecutor(parallel) as pool:
        return {"runs": list(pool.map(lambda run: _signalled(argv, run, seconds), runs))}


def _signalled(argv: Sequence[str], run: tuple[int, bool, float], seconds: float) -> Reply:
    number, group, moment = run
    process = subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    time.sleep(moment)
    if process.poll() is None:
        (os.killpg if group else os.kill)(process.pid, number)
    try:
        _, stderr = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        _, stderr = process.communicate()
    lines = stderr.decode(errors="backslashreplace").splitlines()
    status = process.returncode
    return {"number": number, "group": group, "at": moment, "exit": status, "stderr": lines}
