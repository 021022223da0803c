"""The streams of many hosts: one after the other here, or side by side on Dask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .checking import check
from .job import Job, Streams
from .report import Tally


def check_hosts(job: Job, hosts: Sequence[Streams], dask: str | None = None) -> Tally:
    """Check each host and return all results together, in the order of the hosts.

    ``dask`` is the address of a cluster, empty for one of this machine, None for none.
    """
    if dask is None:
        return together(job, (check(job, host) for host in hosts))
    from .cluster import check_on_dask  # noqa: PLC0415  (needs what only --dask needs)

    return together(job, check_on_dask(job, hosts, dask))


def together(job: Job, tallies: Iterable[Tally]) -> Tally:
    """Return the results of hosts as one."""
    all_ = Tally()
    for tally in tallies:
        all_.add(tally, job.limit)
    return all_
