# SPDX-License-Identifier: Apache-2.0
"""What a system call pays for being watched, next to programs that do nothing.

The loop runs under each setting in turn, many rounds of all of them, so that what else the machine
does meets all alike; the fastest of a setting is what counts.
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

OTHERS: Final = (
    "getuid,getgid,geteuid,getegid,openat,close,read,write,stat,fstat,lstat,poll,lseek,mmap,mprotect,"
    "munmap,brk,ioctl,pread64,pwrite64,readv,writev,access,pipe,select,sched_yield,mremap,msync,"
    "mincore,madvise,shmget,shmat"
)
ENTRIES: Final = ("execve", "execveat", "exit", "exit_group", "rt_sigreturn")
"""Calls that have to be met at their entry too."""

NOBODY: Final = "comm=nobody"
RING_BYTES: Final = 256 << 20
TRIES: Final = 50
CHUNKS: Final = 8
"""Of calls, of which the fastest counts."""


class Traced:
    """A setting with our tracer on its hooks."""

    def __init__(self, *flags: str, compat: bool = True, containers: bool = False) -> None:
        self._settings = Settings(
            parse_filters(flags, load_catalogue()),
            compat=compat,
            containers=containers,
            ring_bytes=RING_BYTES,
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
        """A perf event that was left before takes a moment to go (perf_events.py)."""
        for tried in range(TRIES):
            try:
                tracer.attach()
                tracer.start()
                return
            except HostError:
                tracer.stop()
                if tried == TRIES - 1:
                    raise
                time.sleep(0.1)


def every_kind(scopes: int) -> list[str]:
    """Return filters of so many scopes, each with all kinds of values, none of which holds."""
    kinds = "uid={a}|pid={b}|comm=none{a}|uts=none{a}|mntns={a}|pidns={a}|binary=/none/{a}|tree={b}"
    flags = []
    for scope in range(1, scopes + 1):
        filters = ["event=getppid", *kinds.format(a=70000 + scope, b=3_900_000 + scope).split("|")]
        flags += [f"{scope}:{filter_}" for filter_ in filters]
    return flags


def but_getppid(*besides: str) -> str:
    """Return the flag that selects all system calls but that of the loop, and some others."""
    left = {"getppid", *besides}
    calls = (e.name for e in load_catalogue().values() if e.syscall and e.available)
    return "event=" + ",".join(name for name in calls if name not in left)


def settings() -> Mapping[str, Setting]:
    """Return all settings; what is compared is next to each other."""
    few = ",".join(f"none{i}" for i in range(4096))
    return {
        "no tracer": nullcontext,
        "empty, tracepoint of another call": lambda: empty.tracepoint("syscalls:sys_exit_getuid"),
        "another call selected, --no-compat": Traced("event=getuid", compat=False),
        "32 others selected, --no-compat": Traced(f"event={OTHERS}", NOBODY, compat=False),
        "empty, tracepoint of the call": lambda: empty.tracepoint("syscalls:sys_exit_getppid"),
        "rejected by uid, --no-compat": Traced("event=getppid", "uid=70001", compat=False),
        "rejected by comm, --no-compat": Traced("event=getppid", NOBODY, compat=False),
        "shown, --no-compat": Traced("event=getppid", "comm=calls", compat=False),
        "empty, raw sys_exit": lambda: empty.raw_tracepoints("sys_exit"),
        "another call selected": Traced("event=getuid"),
        "32 others selected": Traced(f"event={OTHERS}", NOBODY),
        "all others but exec, exit and rt_sigreturn": Traced(but_getppid(*ENTRIES), NOBODY),
        "the same, but not iopl": Traced(but_getppid(*ENTRIES, "iopl"), NOBODY),
        "rejected by uid": Traced("event=getppid", "uid=70001"),
        "rejected by comm": Traced("event=getppid", NOBODY),
        "rejected by one of 4096 comms": Traced("event=getppid", f"comm={few}"),
        "rejected by 1 scope of every kind": Traced(*every_kind(1)),
        "rejected by 64 scopes of every kind": Traced(*every_kind(64)),
        "shown": Traced("event=getppid", "comm=calls"),
        "empty, raw sys_enter and sys_exit": lambda: empty.raw_tracepoints("sys_enter", "sys_exit"),
        "all others": Traced(but_getppid(), NOBODY),
    }


TWO_TEXTS: Final = ("renameat2", "renameat")
"""The event, and what the loop calls it."""


def text_settings() -> Mapping[str, Setting]:
    """Return settings for a call with two texts."""
    call, _ = TWO_TEXTS
    return {
        "no tracer": nullcontext,
        "empty, raw sys_exit": lambda: empty.raw_tracepoints("sys_exit"),
        "two texts, rejected": Traced(f"event={call}", NOBODY),
        "two texts, shown": Traced(f"event={call}", "comm=calls"),
        "two texts, shown with the container": Traced(
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
    patience: float,
) -> list[dict[str, object]]:
    """Return a row for each setting: nanoseconds of a call, and what is added to it."""
    took: dict[str, list[Figure[float]]] = {name: [] for name in settings}
    with looping(directory) as loop:
        undisturbed = Undisturbed(loop, patience)

        def under(setting: Setting) -> float:
            with setting():
                return loop.nanoseconds(call, count, CHUNKS)

        for _ in range(rounds):
            for name, setting in settings.items():
                took[name].append(undisturbed.figure(partial(under, setting)))
    figures = counted(took)
    base = min(figures["no tracer"])
    return [
        {**row(name, figures[name], base), "quiet": sum(one.quiet for one in took[name])}
        for name in settings
    ]


def row(name: str, took: Sequence[float], base: float) -> dict[str, object]:
    """Return the figures of a setting."""
    return {
        "setting": name,
        "ns": min(took),
        "median": median(took),
        "most": max(took),
        "added": min(took) - base,
    }


def hooks(
    directory: Path, *, rounds: int, count: int, patience: float, tiny: bool
) -> list[dict[str, object]]:
    """Measure all settings, or (tiny) every fourth, and wait so many seconds for quiet moments."""
    every, few = dict([*settings().items()][:: 4 if tiny else 1]), max(1, count // 4)
    measured = partial(measure, directory, rounds=rounds, patience=patience)
    rows = measured(every, "getppid", count=count)
    texts = measured(text_settings(), TWO_TEXTS[1], count=few)
    return [*rows, *({**row_, "setting": f"{row_['setting']} (renameat2)"} for row_ in texts)]
