# SPDX-License-Identifier: Apache-2.0
"""Check of several hosts, one after the other or on a Dask cluster.

Events of one host are checked in their order, so a host is one task.  A worker reads the files
itself: they must be on the machine of the worker, and only the results are sent.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Final

from ...errors import HostCode, HostError, UsageCode, UsageError
from .checking import check
from .job import STDIN, Job, Streams
from .progress import ERASE
from .report import CheckResult

CONNECT_SECONDS: Final = 30
"""Time limit for a scheduler to answer."""


def check_hosts(job: Job, hosts: Sequence[Streams], dask: str | None = None) -> CheckResult:
    """Check each host and return the sum of the results.

    `dask` is the address of a scheduler; empty starts a cluster on this machine, and None checks
    the hosts one after the other.
    """
    if dask is None:
        return merged(job, (check(job, host) for host in hosts))
    return merged(job, check_on_dask(job, hosts, dask))


def merged(job: Job, tallies: Iterable[CheckResult]) -> CheckResult:
    """Return the sum of the results of hosts."""
    total = CheckResult()
    for result in tallies:
        total.add(result, job.limit)
    return total


def check_on_dask(job: Job, hosts: Sequence[Streams], address: str) -> list[CheckResult]:
    """Return the result of each host; an empty `address` starts a cluster on this machine.

    Raise HostError if Dask is not installed, or no scheduler answers at the address.
    """
    if any(STDIN in (host.printed, host.unfiltered) for host in hosts):
        raise UsageError(
            UsageCode.COMMAND_LINE,
            "--dask: other processes cannot read our standard input - give files",
        )
    try:
        import distributed  # noqa: PLC0415  (an optional dependency)
    except ImportError as error:
        remedy = "pip install 'tracee-ref[dask]'"
        raise HostError(
            HostCode.DEPENDENCY, f"--dask: Dask is not installed ({error}) - {remedy}"
        ) from error
    with ExitStack() as stack:
        client = stack.enter_context(connected(distributed, address, len(hosts), stack))
        quiet = replace(job, progress=False)
        futures = client.map(check, [quiet] * len(hosts), hosts, pure=False)
        completed: Any = distributed.as_completed
        for done, _ in enumerate(completed(futures, loop=client.loop), start=1):
            print_progress(done, len(hosts))
        found: list[CheckResult] = client.gather(futures)
        return found


def connected(distributed: Any, address: str, hosts: int, stack: ExitStack) -> Any:
    """Return a client of the scheduler at `address`, or of a local cluster."""
    if address:
        try:
            return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            reason = f"no Dask scheduler answers ({error})"
            raise HostError(
                HostCode.NETWORK, f"--dask {address}: {reason} - is it running?"
            ) from error
    cluster = distributed.LocalCluster(
        n_workers=min(hosts, os.cpu_count() or 1),
        threads_per_worker=1,
        dashboard_address=":0",
        silence_logs=logging.ERROR,
    )
    return distributed.Client(stack.enter_context(cluster), set_as_default=False)


def print_progress(done: int, total: int) -> None:
    """Print the number of checked hosts on a terminal."""
    if sys.stderr.isatty():
        end = "" if done < total else f"{ERASE}"
        print(f"{ERASE}{done} of {total} hosts{end}", end="", file=sys.stderr, flush=True)
