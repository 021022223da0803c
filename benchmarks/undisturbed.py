# SPDX-License-Identifier: Apache-2.0
"""Measuring while nobody else slows the machine down.

On a shared machine a system call takes a third longer for a while, be it milliseconds or minutes,
and what is measured then cannot be compared with what is not.  So a figure counts where the loop
without a tracer was as quick just before it as it ever is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from benchmarks.loop import Loop

T = TypeVar("T")

PROBE: Final = ("getppid", 10_000, 3)
CALIBRATION_SECONDS: Final = 2.0
AS_QUICK: Final = 1.04
"""Against the quickest probe."""


@dataclass(frozen=True)
class Figure(Generic[T]):
    """What was measured, and whether in a quiet moment."""

    value: T
    quiet: bool


def counted(figures: Mapping[str, Sequence[Figure[T]]]) -> dict[str, list[T]]:
    """Return by setting the figures that count: those of quiet moments; if a setting had none, the
    others; all, if a setting had none of these."""

    def those(*wanted: bool) -> dict[str, list[T]]:
        return {
            n: [one.value for one in some if one.quiet in wanted] for n, some in figures.items()
        }

    choices = those(True), those(False)
    return next((choice for choice in choices if all(choice.values())), those(True, False))


class Undisturbed:
    """Measures in quiet moments, for which it waits ``patience`` seconds in all."""

    def __init__(self, loop: Loop, patience: float) -> None:
        self._loop = loop
        self._patience = patience
        self._quickest = loop.nanoseconds(*PROBE)
        end = time.monotonic() + min(patience, CALIBRATION_SECONDS)
        while time.monotonic() < end:
            self._is_quiet()

    def figure(self, measure: Callable[[], T]) -> Figure[T]:
        """Measure in a quiet moment, or when patience is at its end.

        Not every such moment lasts, so a setting takes several.  To look again behind it would not
        tell: the kernel takes perf events away only later, until when calls are slower.
        """
        began = time.monotonic()
        while not (quiet := self._is_quiet()) and time.monotonic() - began < self._patience:
            pass
        self._patience -= time.monotonic() - began
        return Figure(measure(), quiet)

    def _is_quiet(self) -> bool:
        took = self._loop.nanoseconds(*PROBE)
        self._quickest = min(self._quickest, took)
        return took <= AS_QUICK * self._quickest
