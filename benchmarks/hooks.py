# SPDX-License-Identifier: Apache-2.0
"""Tracing overhead of a syscall, compared with empty BPF programs.

The loop runs under each setting in turn, for many rounds, so that other load of the machine affects
all settings alike; the fastest round of a setting counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final, TypeAlias

from benchmarks import empty
from benchmarks.loop import looping
from benchmarks.undisturbed import Figure, Undisturbed, counted
from tracee_ref.errors import HostError
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.kernel.plan import KernelPlan, Settings
from tracee_ref.kernel.tracer import KernelTracer

Setting: TypeAlias = Callable[[], AbstractContextManager[None]]

OTHER_CALLS: Final = (
    "getuid,getgid,geteuid,getegid,openat,close,read,write,stat,fstat,lstat,poll,lseek,mmap,mprotect,"
    "munmap,brk,ioctl,pread64,pwrite64,readv,writev,access,pipe,select,sched_yield,mremap,msync,"
    "mincore,madvise,shmget,shmat"
)
ENTRIES: Final = ("execve", "execveat", "exit", "exit_group", "rt_sigreturn")
"""Syscalls that are hooked at their entry too."""

NO_PROCESS: Final = "comm=nobody"
TWO_SCOPES: Final = ("event=getppid", "comm=calls", "2:event=getuid")
"""As one scope, but each has a share of the ring buffer."""

RING_BYTES: Final = 256 << 20
SMALL_RING_BYTES: Final = 1 << 20
MAX_TRIES: Final = 50
CHUNKS: Final = 8
"""Chunks of calls in a round, of which the fastest counts."""


class Traced:
    """A setting with this tracer attached."""

    def __init__(
        self,
        *flags: str,
        compat: bool = True,
        containers: bool = False,
        at_entry: bool = True,
        ring_bytes: int = RING_BYTES,
    ) -> None:
        self._settings = Settings(
            parse_filters(flags, load_catalogue()),
            compat=compat,
            containers=containers,
            at_entry=at_entry,
            ring_bytes=ring_bytes,
        )
        self._loaded: KernelTracer | None = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        tracer = self._loaded = self._loaded or KernelTracer(KernelPlan(self._settings))
        self._attach(tracer)
        try:
            yield
        finally:
            tracer.stop()
            tracer.read(lambda _: None, 1 << 30)

    def _attach(self, tracer: KernelTracer) -> None:
        """Attach; try again while the kernel removes earlier perf events (perf_events.py)."""
        for tried in range(MAX_TRIES):
            try:
                tracer.attach()
                tracer.start()
                return
            except HostError:
                tracer.stop()
                if tried == MAX_TRIES - 1:
                    raise
                time.sleep(0.1)


def every_kind(scopes: int) -> list[str]:
    """Return flags of ``scopes`` scopes, each with all kinds of filters, none of which matches."""
    kinds = "uid={a}|pid={b}|comm=none{a}|uts=none{a}|mntns={a}|pidns={a}|binary=/none/{a}|tree={b}"
    flags = []
    for scope in range(1, scopes + 1):
        filters = ["event=getppid", *kinds.format(a=70000 + scope, b=3_900_000 + scope).split("|")]
        flags += [f"{scope}:{filter_}" for filter_ in filters]
    return flags


def but_getppid(*besides: str) -> str:
    """Return the flag that selects all syscalls but getppid and ``besides``."""
    left_out = {"getppid", *besides}
    calls = (e.name for e in load_catalogue().values() if e.syscall and e.available)
    return "event=" + ",".join(name for name in calls if name not in left_out)


def settings() -> Mapping[str, Setting]:
    """Return all settings; those to be compared are adjacent."""
    few = ",".join(f"none{i}" for i in range(4096))
    return {
        "no tracer": nullcontext,
        "empty, tracepoint of another call": lambda: empty.tracepoint("syscalls:sys_exit_getuid"),
        "another call selected, --no-compat": Traced("event=getuid", compat=False),
        "32 others selected, --no-compat": Traced(f"event={OTHER_CALLS}", NO_PROCESS, compat=False),
        "empty, tracepoint of the call": lambda: empty.tracepoint("syscalls:sys_exit_getppid"),
        "rejected by uid, --no-compat": Traced("event=getppid", "uid=70001", compat=False),
        "rejected by comm, --no-compat": Traced("event=getppid", NO_PROCESS, compat=False),
        "delivered, --no-compat": Traced("event=getppid", "comm=calls", compat=False),
        "empty, raw sys_exit": lambda: empty.raw_tracepoints("sys_exit"),
        "another call selected": Traced("event=getuid"),
        "32 others selected": Traced(f"event={OTHER_CALLS}", NO_PROCESS),
        "all others except exec, exit and rt_sigreturn": Traced(but_getppid(*ENTRIES), NO_PROCESS),
        "the same, but not iopl": Traced(but_getppid(*ENTRIES, "iopl"), NO_PROCESS),
        "rejected by uid": Traced("event=getppid", "uid=70001"),
        "rejected by comm": Traced("event=getppid", NO_PROCESS),
        "rejected by one of 4096 comms": Traced("event=getppid", f"comm={few}"),
        "rejected by 1 scope with all kinds of filters": Traced(*every_kind(1)),
        "rejected by 64 scopes with all kinds of filters": Traced(*every_kind(64)),
        "delivered": Traced("event=getppid", "comm=calls"),
        "delivered to one of two scopes": Traced(*TWO_SCOPES),
        "lost, buffer full": Traced("event=getppid", "comm=calls", ring_bytes=SMALL_RING_BYTES),
        "lost by one of two scopes": Traced(*TWO_SCOPES, ring_bytes=SMALL_RING_BYTES),
        "empty, raw sys_enter and sys_exit": lambda: empty.raw_tracepoints("sys_enter", "sys_exit"),
        "all others": Traced(but_getppid(), NO_PROCESS),
    }


TWO_STRINGS: Final = ("renameat2", "renameat")
"""A syscall with two strings, and its name in the loop."""


def string_settings() -> Mapping[str, Setting]:
    """Return the settings for a syscall with two strings."""
    call, _ = TWO_STRINGS
    return {
        "no tracer": nullcontext,
        "empty, raw sys_exit": lambda: empty.raw_tracepoints("sys_exit"),
        "two strings, rejected": Traced(f"event={call}", NO_PROCESS),
        "two strings, delivered": Traced(f"event={call}", "comm=calls"),
        "two strings, delivered with the container": Traced(
            f"event={call}", "comm=calls", containers=True
        ),
    }


def measure(
    directory: Path,
    settings: Mapping[str, Setting],
    call: str,
    *,
    rounds: int,
    count: int,
    max_wait: float,
) -> list[dict[str, object]]:
    """Return a row for each setting: time of a call in ns, and its overhead."""
    took: dict[str, list[Figure[float]]] = {name: [] for name in settings}
    with looping(directory) as loop:
        undisturbed = Undisturbed(loop, max_wait)

        def under(setting: Setting) -> float:
            with setting():
                return loop.nanoseconds(call, count, CHUNKS)

        for _ in range(rounds):
            for name, setting in settings.items():
                took[name].append(undisturbed.figure(partial(under, setting)))
    figures = counted(took)
    base = min(figures["no tracer"])
    return [
        {**row(name, figures[name], base), "quiet": sum(figure.quiet for figure in took[name])}
        for name in settings
    ]


def row(name: str, took: Sequence[float], base: float) -> dict[str, object]:
    """Return the row of a setting; times in ns."""
    return {
        "setting": name,
        "ns": min(took),
        "median": median(took),
        "most": max(took),
        "added": min(took) - base,
    }


def hooks(
    directory: Path, *, rounds: int, count: int, max_wait: float, tiny: bool
) -> list[dict[str, object]]:
    """Measure all settings, or (tiny) every fourth; wait ``max_wait`` seconds for quiet moments."""
    every, few = dict([*settings().items()][:: 4 if tiny else 1]), max(1, count // 4)
    measured = partial(measure, directory, rounds=rounds, max_wait=max_wait)
    rows = measured(every, "getppid", count=count)
    strings = measured(string_settings(), TWO_STRINGS[1], count=few)
    return [*rows, *({**row_, "setting": f"{row_['setting']} (renameat2)"} for row_ in strings)]
