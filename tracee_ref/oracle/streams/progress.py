# SPDX-License-Identifier: Apache-2.0
"""Progress of a check on standard error, if that is a terminal."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from typing import IO, Final

from ...strings import visible
from .events_json import Line

INTERVAL_SECONDS: Final = 0.5
"""Time between two lines of progress."""

CLOCK_LINES: Final = 4096
"""Lines of input between two readings of the clock."""

ERASE: Final = "\r\x1b[K"


def with_progress(lines: Iterator[Line], stream: IO[bytes], name: str) -> Iterator[Line]:
    """Yield the lines; print their number from time to time."""
    if not sys.stderr.isatty():
        yield from lines
        return
    size, last = size_of(stream), time.monotonic()
    for line in lines:
        yield line
        if line.number % CLOCK_LINES == 0 and time.monotonic() - last > INTERVAL_SECONDS:
            last = time.monotonic()
            print(ERASE + text(name, line.number, stream, size), end="", file=sys.stderr)
    print(ERASE, end="", file=sys.stderr, flush=True)


def size_of(stream: IO[bytes]) -> int:
    """Return the size of a file in bytes, 0 for a pipe or terminal."""
    status = os.fstat(stream.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def text(name: str, number: int, stream: IO[bytes], size: int) -> str:
    """Return a line of progress."""
    part = f", {100 * stream.tell() // size} %" if size else ""
    return f"{visible(name)}: {number} lines{part}"
