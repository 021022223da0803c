# SPDX-License-Identifier: Apache-2.0
"""How far a check has come, on standard error, if that is a terminal."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from typing import IO, Final

from .events_json import Line

EVERY: Final = 0.5
"""Seconds between two lines of progress."""

STEP: Final = 4096
"""Lines between two looks at the clock."""

ERASE: Final = "\r\x1b[K"


def shown(lines: Iterator[Line], stream: IO[bytes], name: str) -> Iterator[Line]:
    """Give the lines, and say now and then where they are."""
    if not sys.stderr.isatty():
        yield from lines
        return
    size, last = size_of(stream), time.monotonic()
    for line in lines:
        yield line
        if line.number % STEP == 0 and time.monotonic() - last > EVERY:
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
    return f"{name}: {number} lines{part}"
