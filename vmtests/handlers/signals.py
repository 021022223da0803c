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
from vmtests.handlers.background import ended, wait_for
from vmtests.handlers.tracing import appended_file, fork_tracer, written


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


@handler
def at_moments_forked(*, argv: list[str], number: int, moments: int, seconds: float) -> Reply:
    """Do the same with one signal and forks of the agent, which start faster in a guest.

    Most moments are early: on a busy machine the measured run may be longer than the others.
    """
    _forked(argv, 0, 0.0, seconds)  # compiles the program
    began = time.monotonic()
    _forked(argv, 0, 0.0, seconds)
    span = 1.2 * (time.monotonic() - began)
    return {
        "runs": [
            _forked(argv, number, span * (moment / moments) ** 2, seconds)
            for moment in range(1, moments + 1)
        ]
    }


def _forked(argv: list[str], number: int, moment: float, seconds: float) -> Reply:
    with appended_file() as out, appended_file() as err:
        pid = fork_tracer(argv, out, err)
        time.sleep(moment)
        if number and not ended(pid):
            os.killpg(pid, number)
        wait_for(lambda: ended(pid), seconds)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        lines = written(err).splitlines()
    return {"number": number, "group": True, "at": moment, "exit": status, "stderr": lines}
