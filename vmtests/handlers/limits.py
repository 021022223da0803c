# SPDX-License-Identifier: Apache-2.0
"""Runs with full maps and tables."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tracee_ref.decode.records import HEADER
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.kernel.maps.write import BPF_NOEXIST
from tracee_ref.kernel.plan import KernelPlan, Settings
from tracee_ref.kernel.seed.processes import KEY, TREE_STATE
from tracee_ref.kernel.tracer import KernelTracer
from tracee_ref.model.scope import Scope
from tracee_ref.pipeline import BATCH
from vmtests.handlers import Reply, handler

FIRST_PID = 1 << 22
"""PID_MAX_LIMIT: above all pids that Linux assigns."""


@contextmanager
def loaded(settings: Settings, command: int | None = None) -> Iterator[KernelTracer]:
    """Load the tracer's programs; ``command`` is the process id of the command."""
    tracer = KernelTracer(KernelPlan(settings), command)
    try:
        yield tracer
    finally:
        tracer.close()


def scopes_of(*flags: str) -> tuple[Scope, ...]:
    return parse_filters(flags, load_catalogue())


@handler
def kept(*, count: int) -> Reply:
    """Add ``count`` processes to the map ``tree_states``; return how many of them it still has."""
    scopes = scopes_of("event=sched_process_exit", "tree=1")
    with loaded(Settings(scopes)) as tracer:
        program = tracer.program
        fd = program.map_fd("tree_states")
        value = bytes(TREE_STATE.size)
        pids = [KEY.pack(FIRST_PID + i) for i in range(count)]
        for pid in pids:
            program.update(fd, pid, value, BPF_NOEXIST)
        return {"kept": sum(program.lookup(fd, pid, TREE_STATE.size) is not None for pid in pids)}


@handler
def crowded(*, processes: int, children: int) -> Reply:
    """Trace the exits of children by a ``tree`` filter, with a map for fewer ``processes``.

    Return the pids of the children, the pids of the exit events, and the counters.
    """
    scopes = scopes_of("event=sched_process_exit", f"tree={os.getpid()}")
    with loaded(Settings(scopes, processes=processes)) as tracer:
        tracer.attach()
        tracer.start()
        pids = [_sleeper() for _ in range(children)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        time.sleep(0.2)
        tracer.stop()
        records: list[bytes] = []
        while tracer.read(records.extend, BATCH):
            pass
        exits = [HEADER.unpack_from(record)[7] for record in records]
        totals = {name: sum(values) for name, values in tracer.counters().items()}
    return {"pids": pids, "exits": exits, "counters": totals}


def _sleeper() -> int:
    pid = os.fork()
    if pid == 0:
        signal.pause()
        os._exit(0)
    return pid


@handler
def full(*, flags: list[str]) -> Reply:
    """Load a run with these flags and write their tables into its maps."""
    with loaded(Settings(scopes_of(*flags), command_only=True), os.getpid()) as tracer:
        tracer.attach()
    return {}
