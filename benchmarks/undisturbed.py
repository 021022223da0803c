# SPDX-License-Identifier: Apache-2.0
"""Measurement while no other load slows the machine down.

On a shared machine a syscall takes a third longer for milliseconds or for minutes, and figures from
such a time cannot be compared with others.  So a figure counts only if the loop without a tracer
was as fast as ever just before it.
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
MAX_RATIO: Final = 1.04
"""Of the time of a probe to that of the fastest one, in a quiet moment."""


@dataclass(frozen=True)
class Figure(Generic[T]):
    """A measured value, and whether the moment was quiet."""

    value: T
    quiet: bool


def counted(figures: Mapping[str, Sequence[Figure[T]]]) -> dict[str, list[T]]:
    """Return the values to use for each setting: only quiet, only disturbed, or all figures.

    The same choice for all settings: the first that leaves none of them without a value.
    """

    def having(*quiet: bool) -> dict[str, list[T]]:
        return {
            name: [figure.value for figure in taken if figure.quiet in quiet]
            for name, taken in figures.items()
        }

    choices = having(True), having(False)
    return next((choice for choice in choices if all(choice.values())), having(True, False))


class Undisturbed:
    """Measures in quiet moments, for which it waits ``max_wait`` seconds in all."""

    def __init__(self, loop: Loop, max_wait: float) -> None:
        self._loop = loop
        self._max_wait = max_wait
        self._fastest = loop.nanoseconds(*PROBE)
        end = time.monotonic() + min(max_wait, CALIBRATION_SECONDS)
        while time.monotonic() < end:
            self._is_quiet()

    def figure(self, measure: Callable[[], T]) -> Figure[T]:
        """Measure in a quiet moment, or when the total waiting time is over.

        Such a moment may be short, so each setting needs several figures.  A second probe after
        the measurement would be of no use: the kernel removes perf events later, and syscalls are
        slower until then.
        """
        start = time.monotonic()
        while not (quiet := self._is_quiet()) and time.monotonic() - start < self._max_wait:
            pass
        self._max_wait -= time.monotonic() - start
        return Figure(measure(), quiet)

    def _is_quiet(self) -> bool:
        took = self._loop.nanoseconds(*PROBE)
        self._fastest = min(self._fastest, took)
        return took <= MAX_RATIO * self._fastest
