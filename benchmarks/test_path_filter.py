# SPDX-License-Identifier: Apache-2.0
"""Number of records that a selective path filter keeps out of the ring buffer.

The same calls, one in a hundred of them with the filtered path, under filters that need no
comparison of paths, one in user space, and one in the kernel.  ``pytest -s`` prints the cost of
each for the caller and the machine.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from vmtests.runs.tracing import Account, Traced

TRACEE_REF: Final = str(Path(sys.executable).parent / "tracee-ref")
CALLS: Final = 20_000
PATHS: Final = 100
MATCHING: Final = CALLS // PATHS

WORKLOAD: Final = f"""
import os, time
start = time.perf_counter_ns()
for i in range({CALLS}):
    os.access("/benchmark/%d" % (i % {PATHS}), 0)
print("ns per call", (time.perf_counter_ns() - start) // {CALLS})
"""
FILTERS: Final = {
    # the filter, the number of records in the ring, the number of delivered events
    "none": ("access.args.mode=0", CALLS, CALLS),
    "user space": ("access.args.pathname=*/benchmark/7", CALLS, MATCHING),
    "kernel": ("access.args.pathname=/benchmark/7", MATCHING, MATCHING),
}
"""The first is a filter too, so that user space filters in all cases."""


def trace(name: str) -> tuple[Account, str]:
    """Run the workload under a filter; return the event counts and the time of a call in ns."""
    flags = ["-f", "event=access", "-f", "comm=python3", "-f", FILTERS[name][0]]
    outputs = ["-o", "json:/dev/null", "--buffer", "256"]
    program = ["/usr/bin/python3", "-I", "-S", "-c", WORKLOAD]
    argv = [TRACEE_REF, *flags, *outputs, "--", *program]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    (call,) = re.findall(r"ns per call (\d+)", done.stdout)
    return Traced(0, done.stdout, done.stderr).account, call


@pytest.mark.skipif(os.geteuid() != 0, reason="tracing needs root")
@pytest.mark.benchmark(group="path filter")
@pytest.mark.parametrize("name", FILTERS)
def test_path_filter_records_in_ring(benchmark: Any, name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    account, call = benchmark.pedantic(trace, (name,), rounds=1)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"\npath compared by {name}: {account.submitted} of {account.seen} records in the ring,"
        f" {account.delivered} delivered; {call} ns a call, {used:.1f} s of processor time in all"
    )
    assert account.balances()
    start_up = 20  # calls of the interpreter at its start
    _, submitted, delivered = FILTERS[name]
    assert submitted <= account.submitted <= submitted + start_up
    assert delivered <= account.delivered <= delivered + start_up
