# SPDX-License-Identifier: Apache-2.0
"""Many hosts checked on a Dask cluster: a host is one partition, as its streams have an order.

A worker reads the files itself, so they must be where the workers are; only results travel.
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
from .report import Tally

SECONDS: Final = 30
"""For a scheduler to answer."""


def check_hosts(job: Job, hosts: Sequence[Streams], dask: str | None = None) -> Tally:
    """Check each host and return all results together, in the order of the hosts.

    ``dask`` is the address of a cluster, empty for one of this machine, None for none.
    """
    if dask is None:
        return together(job, (check(job, host) for host in hosts))
    return together(job, check_on_dask(job, hosts, dask))


def together(job: Job, tallies: Iterable[Tally]) -> Tally:
    """Return the results of hosts as one."""
    all_ = Tally()
    for tally in tallies:
        all_.add(tally, job.limit)
    return all_


def check_on_dask(job: Job, hosts: Sequence[Streams], address: str) -> list[Tally]:
    """Return the result of each host; an empty ``address`` starts a cluster of this machine.

    HostError if there is no Dask, or no scheduler at the address.
    """
    if any(STDIN in (host.shown, host.everything) for host in hosts):
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
            tell(done, len(hosts))
        found: list[Tally] = client.gather(futures)
        return found


def connected(distributed: Any, address: str, hosts: int, stack: ExitStack) -> Any:
    """Return a client of the cluster at the address, or of one with a worker for each core."""
    if address:
        try:
            return distributed.Client(address, timeout=SECONDS, set_as_default=False)
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


def tell(done: int, total: int) -> None:
    """Show on a terminal how far it is."""
    if sys.stderr.isatty():
        end = "" if done < total else f"{ERASE}"
        print(f"{ERASE}{done} of {total} hosts{end}", end="", file=sys.stderr, flush=True)
