"""What a program on the hook takes for a call, as the kernel itself counts it.

The counting adds two looks at a clock to each run, which an empty program shows; what the kernel
takes to come to the hook is not in it (BPF_ENABLE_STATS, Linux 5.8, d46edd671a14).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from struct import pack
from typing import Final

from benchmarks.empty import bpf
from benchmarks.hooks import TWO_TEXTS, Setting, settings, text_settings
from benchmarks.loop import Loop, looping

ENABLE_STATS: Final = 32
RUN_TIME: Final = pack("=I4x", 0)
FIGURES: Final = re.compile(r"^run_time_ns:\s+(\d+)\nrun_cnt:\s+(\d+)$", re.MULTILINE)
CHUNKS: Final = 8

CALLS: Final = (
    "empty, raw sys_exit",
    "another call selected",
    "rejected by uid",
    "rejected by comm",
    "rejected by 64 scopes of every kind",
    "shown",
)
TEXTS: Final = ("two texts, rejected", "two texts, shown")


def programs(directory: Path, *, rounds: int, count: int) -> list[dict[str, object]]:
    """Return nanoseconds of a run in each setting, the mean of ``count`` of them, many times."""
    every, of_texts = settings(), text_settings()
    chosen: Mapping[str, tuple[Setting, str]] = {
        **{name: (every[name], "getppid") for name in CALLS},
        **{f"{name} (renameat2)": (of_texts[name], TWO_TEXTS[1]) for name in TEXTS},
    }
    took: dict[str, list[float]] = {name: [] for name in chosen}
    with looping(directory) as loop, counting():
        for _ in range(rounds):
            for name, (setting, call) in chosen.items():
                with setting():
                    took[name] += [nanoseconds(loop, call, count) for _ in range(CHUNKS)]
    empty = min(took["empty, raw sys_exit"])
    return [
        {"setting": name, "ns": min(ns), "median": median(ns), "beyond": min(ns) - empty}
        for name, ns in took.items()
    ]


@contextmanager
def counting() -> Iterator[None]:
    """Have the kernel count the time of programs."""
    descriptor = bpf(ENABLE_STATS, RUN_TIME)
    try:
        yield
    finally:
        os.close(descriptor)


def nanoseconds(loop: Loop, call: str, count: int) -> float:
    """Return what a run took of the program that ran for each call."""
    before = counted()
    loop.nanoseconds(call, count, 1)
    grown = ((ns - before[fd][0], runs - before[fd][1]) for fd, (ns, runs) in counted().items())
    return max(ns / runs for ns, runs in grown if runs >= count)


def counted() -> dict[str, tuple[int, int]]:
    """Return time and runs of this process's programs, by descriptor."""
    found = {}
    for entry in Path("/proc/self/fdinfo").iterdir():
        try:
            figures = FIGURES.search(entry.read_text())
        except FileNotFoundError:  # that of the directory itself
            continue
        if figures:
            found[entry.name] = (int(figures[1]), int(figures[2]))
    return found
