# SPDX-License-Identifier: Apache-2.0
"""What a program on the hook takes for a call, as the kernel itself counts it.

The counting adds two looks at a clock to each run, which an empty program shows; what the kernel
takes to come to the hook is not in it (BPF_ENABLE_STATS, Linux 5.8, d46edd671a14).
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
from benchmarks.hooks import TWO_TEXTS, Setting, settings, text_settings
from benchmarks.loop import Loop, looping
from benchmarks.undisturbed import Figure, Undisturbed, counted

ENABLE_STATS: Final = 32
RUN_TIME: Final = pack("=I4x", 0)
FDS: Final = Path("/proc/self/fdinfo")
FIGURES: Final = re.compile(r"^run_time_ns:\s+(\d+)\nrun_cnt:\s+(\d+)$", re.MULTILINE)
CHUNKS: Final = 8
"""In each round."""

CALLS: Final = (
    "empty, raw sys_exit",
    "another call selected",
    "all others but exec, exit and rt_sigreturn",
    "rejected by uid",
    "rejected by comm",
    "rejected by 1 scope of every kind",
    "rejected by 64 scopes of every kind",
    "shown",
)
TEXTS: Final = ("two texts, rejected", "two texts, shown", "two texts, shown with the container")


def programs(
    directory: Path, *, rounds: int, count: int, patience: float
) -> list[dict[str, object]]:
    """Return nanoseconds of a run in each setting, the mean of ``count`` of them, many times."""
    every, of_texts = settings(), text_settings()
    chosen: Mapping[str, tuple[Setting, str]] = {
        **{name: (every[name], "getppid") for name in CALLS},
        **{f"{name} (renameat2)": (of_texts[name], TWO_TEXTS[1]) for name in TEXTS},
    }
    took: dict[str, list[Figure[list[float]]]] = {name: [] for name in chosen}
    with looping(directory) as loop, counting():
        undisturbed = Undisturbed(loop, patience)

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
            "quiet": sum(one.quiet for one in took[name]),
        }
        for name, ns in figures.items()
    ]


@contextmanager
def counting() -> Iterator[None]:
    """Have the kernel count the time of programs."""
    descriptor = bpf(ENABLE_STATS, RUN_TIME)
    try:
        yield
    finally:
        os.close(descriptor)


def nanoseconds(loop: Loop, call: str, count: int) -> list[float]:
    """Return what a run took of the program that runs for each call, in some chunks of calls.

    It runs for our own calls too, which are not selected: so they are to be few.
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
    """Return time and runs of a program; zeros if it is none."""
    try:
        found = FIGURES.search(descriptor.read_text())
    except FileNotFoundError:  # it was that of the directory
        return 0, 0
    return (int(found[1]), int(found[2])) if found else (0, 0)
