# SPDX-License-Identifier: Apache-2.0
"""Files that the oracle reads, with limits for those that never end.

A pipe or FIFO must have data within a time, a whole file has a limit, and so has what holds no
events (``streams.events_json``).  A stream of events may be endless.
"""

from __future__ import annotations

import io
import os
import select
import stat
import sys
from contextlib import ExitStack
from typing import IO, Any, Final

from ..errors import HostCode, HostError, UsageCode, UsageError

STDIN: Final = "-"

START_SECONDS: Final = 10
"""Time that a FIFO has to get its first data."""

IDLE_SECONDS: Final = 60
"""Time between two data of a pipe or FIFO, at most."""

MAX_FILE_BYTES: Final = 64 << 20
"""Limit of a file that is read whole."""


class TimedPipe(io.RawIOBase):
    """Reader of a pipe, FIFO, terminal or device that raises HostError if no data comes."""

    def __init__(self, descriptor: int, name: str, seconds: float) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._name = name
        self._seconds = seconds
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def readinto(self, buffer: Any) -> int:
        """Read data; 0 at the end."""
        if not self._poll.poll(self._seconds * 1000):
            raise HostError(
                HostCode.NO_VERDICT,
                f"{self._name}: no data for {self._seconds:g} s: no verdict - "
                "start what writes it, or give a file",
            )
        self._seconds = IDLE_SECONDS
        try:
            data = os.read(self._descriptor, len(buffer))
        except BlockingIOError:  # another reader took it
            return self.readinto(buffer)
        buffer[: len(data)] = data
        return len(data)


def open_input(path: str, stack: ExitStack, expected: str, what: str = "") -> IO[bytes]:
    """Open a file, or ``-`` for standard input.

    Raises UsageError that says ``what`` it is (with a space after it), and what is ``expected``.
    """
    try:
        descriptor = os.dup(_stdin()) if path == STDIN else os.open(path, FLAGS)
        stack.callback(os.close, descriptor)
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(None, "is a directory")
        if stat.S_ISREG(mode):
            return stack.enter_context(open(descriptor, "rb", closefd=False))
    except (OSError, ValueError) as error:
        raise _unreadable(what + path, error, expected) from error
    seconds = START_SECONDS if stat.S_ISFIFO(mode) and path != STDIN else IDLE_SECONDS
    return io.BufferedReader(TimedPipe(descriptor, path, seconds))


FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""Without O_NONBLOCK, to open a FIFO waits for a writer."""


def read_input(path: str, expected: str, what: str = "") -> bytes:
    """Return the content of a file; raise UsageError if it cannot be read, or is too large."""
    with ExitStack() as stack:
        file = open_input(path, stack, expected, what)
        try:
            data = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise _unreadable(what + path, error, expected) from error
    if len(data) > MAX_FILE_BYTES:
        reason = f"{what}{path}: more than {MAX_FILE_BYTES >> 20} MiB - {expected}"
        raise UsageError(UsageCode.INPUT, reason)
    return data


def _stdin() -> int:
    if sys.stdin is None:
        raise OSError(None, "standard input is closed")
    return sys.stdin.fileno()


def _unreadable(path: str, error: OSError | ValueError, expected: str) -> UsageError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UsageError(UsageCode.INPUT, f"{path}: {reason} - {expected}")
