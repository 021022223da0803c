# SPDX-License-Identifier: Apache-2.0
"""Run time of the BPF program on a hook, as the kernel counts it.

The counting reads a clock twice for each run, which is the time of an empty program.  The kernel's
own cost of the hook is not included (BPF_ENABLE_STATS, Linux v5.8, d46edd671a14 ("bpf: sharing bpf
runtime stats with BPF_ENABLE_STATS")).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import median
from struct import pack
from typing import Final

from benchmarks.empty import bpf
from benchmarks.hooks import TWO_STRINGS, Setting, settings, string_settings
from benchmarks.loop import Loop, looping
from benchmarks.undisturbed import Figure, Undisturbed, counted

ENABLE_STATS: Final = 32
RUN_TIME: Final = pack("=I4x", 0)
FDS: Final = Path("/proc/self/fdinfo")
FIGURES: Final = re.compile(r"^run_time_ns:\s+(\d+)\nrun_cnt:\s+(\d+)$", re.MULTILINE)
CHUNKS: Final = 8
"""Chunks of calls in each round."""

CALLS: Final = (
    "empty, raw sys_exit",
    "another call selected",
    "all others except exec, exit and rt_sigreturn",
    "rejected by uid",
    "rejected by comm",
    "rejected by 1 scope with all kinds of filters",
    "rejected by 64 scopes with all kinds of filters",
    "delivered",
)
TWO_STRING_SETTINGS: Final = (
    "two strings, rejected",
    "two strings, delivered",
    "two strings, delivered with the container",
)


def programs(
    directory: Path, *, rounds: int, count: int, max_wait: float
) -> list[dict[str, object]]:
    """Return a row for each setting: time of a run in ns, as means of ``count`` runs."""
    every, of_strings = settings(), string_settings()
    chosen: Mapping[str, tuple[Setting, str]] = {
        **{name: (every[name], "getppid") for name in CALLS},
        **{
            f"{name} (renameat2)": (of_strings[name], TWO_STRINGS[1])
            for name in TWO_STRING_SETTINGS
        },
    }
    took: dict[str, list[Figure[list[float]]]] = {name: [] for name in chosen}
    with looping(directory) as loop, counting():
        undisturbed = Undisturbed(loop, max_wait)

        def under(setting: Setting, call: str) -> list[float]:
            with setting():
                return nanoseconds(loop, call, count)

        for _ in range(rounds):
            for name, (setting, call) in chosen.items():
                took[name].append(undisturbed.figure(partial(under, setting, call)))
    figures = {name: [*chain(*chunks)] for name, chunks in counted(took).items()}
    empty = min(figures["empty, raw sys_exit"])
    return [
        {
            "setting": name,
            "ns": min(ns),
            "median": median(ns),
            "beyond": min(ns) - empty,
            "quiet": sum(figure.quiet for figure in took[name]),
        }
        for name, ns in figures.items()
    ]


@contextmanager
def counting() -> Iterator[None]:
    """Enable the kernel's run time statistics during a block."""
    descriptor = bpf(ENABLE_STATS, RUN_TIME)
    try:
        yield
    finally:
        os.close(descriptor)


def nanoseconds(loop: Loop, call: str, count: int) -> list[float]:
    """Return the run times in ns, one per chunk, of the program that runs most during the calls.

    It also runs for the syscalls of this process, which are few.
    """
    before = {file: figures(file) for file in FDS.iterdir()}
    loop.nanoseconds(call, count, 1)
    program = max(before, key=lambda file: figures(file)[1] - before[file][1])
    took = []
    for _ in range(CHUNKS):
        ns, runs = figures(program)
        loop.nanoseconds(call, count, 1)
        later_ns, later_runs = figures(program)
        took.append((later_ns - ns) / (later_runs - runs))
    return took


def figures(descriptor: Path) -> tuple[int, int]:
    """Return time in ns and runs of a program; zeros if the fd is not one of a program."""
    try:
        found = FIGURES.search(descriptor.read_text())
    except FileNotFoundError:  # the fd of the directory listing
        return 0, 0
    return (int(found[1]), int(found[2])) if found else (0, 0)
