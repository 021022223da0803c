# SPDX-License-Identifier: Apache-2.0
"""Buffered writers to standard output and files."""

from __future__ import annotations

import errno
import os
import select
import stat
import sys
from collections.abc import Iterable
from typing import Final

from ..errors import HostCode, HostError
from ..files.walk import UnsafePathError
from ..files.written import MODE, open_written

BUFFER_BYTES: Final = 64 * 1024
"""Threshold of a write: the capacity of a pipe."""

STDOUT_FD: Final = 1


class OutputClosed(Exception):  # noqa: N818 - not an error
    """The reader closed an output; raised once by each sink."""


class Sink:
    """An open output, written when the buffer is full and at ``flush``."""

    def __init__(self, descriptor: int, name: str) -> None:
        self.descriptor = descriptor
        self.name = name
        self._pending = bytearray()
        self._closed = False

    def write(self, data: bytes) -> None:
        """Buffer bytes, and flush if there are enough of them."""
        if self._closed:
            return
        self._pending += data
        if len(self._pending) >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the buffer.

        Raises OutputClosed if the reader closed the output, HostError if the write fails (no space
        left).  After either the sink discards what it gets.
        """
        pending, self._pending = self._pending, bytearray()
        try:
            write_all(self.descriptor, pending)
        except BrokenPipeError:
            self._closed = True
            raise OutputClosed(self.name) from None
        except OSError as error:
            self._closed = True
            raise output_error("write to", self.name, error) from None

    def close(self) -> None:
        """Flush and close; standard output stays open."""
        try:
            self.flush()
        finally:
            self._closed = True
            if self.descriptor != STDOUT_FD:
                os.close(self.descriptor)


def write_all(descriptor: int, data: bytearray) -> None:
    """Write all data to a descriptor that may be non-blocking; raises OSError."""
    pending = memoryview(data)
    while pending:
        try:
            pending = pending[os.write(descriptor, pending) :]
        except BlockingIOError:
            # Another program that shares the terminal or pipe made it non-blocking.
            select.select([], [descriptor], [])


def open_sink(path: str | None, mode: int = MODE) -> Sink:
    """Open a file to append to, made with a mode if it is new; None is standard output.

    Raises HostError.
    """
    if path is None:
        return open_stdout()
    try:
        return Sink(open_written(path, mode), path)
    except UnsafePathError as error:
        raise HostError(HostCode.OUTPUT, f"cannot open output {path}: {error}") from None
    except OSError as error:
        raise output_error("open", path, error) from None


def open_sinks(paths: Iterable[str | None], mode: int = MODE) -> list[Sink]:
    """Open all outputs of a run; raises HostError, also if two are one file."""
    sinks: dict[tuple[int, int], Sink] = {}
    for number, sink in enumerate(open_sink(path, mode) for path in paths):
        status = os.fstat(sink.descriptor)
        # A terminal or /dev/null takes the lines of several outputs, one after the other.
        shared = stat.S_ISCHR(status.st_mode)
        key = (-1, number) if shared else (status.st_dev, status.st_ino)
        if key in sinks:
            raise HostError(
                HostCode.OUTPUT,
                f"cannot use the same file for multiple outputs: {sinks[key].name} and"
                f" {sink.name}; name another path",
            )
        sinks[key] = sink
    return [*sinks.values()]


def open_stdout() -> Sink:
    """Return the sink of standard output; raises HostError if that is closed."""
    # None if the descriptor was closed when Python started; since then the number may have been
    # reused.
    if sys.stdout is None:
        raise HostError(
            HostCode.OUTPUT,
            "standard output is closed; redirect it, or name a file: -o FORMAT:PATH",
        )
    return Sink(STDOUT_FD, "standard output")


REMEDIES: Final = {
    errno.EISDIR: "it is a directory; name a file in it",
    errno.EEXIST: "a part of the path is a file; name another path",
    errno.ENOTDIR: "a part of the path is a file; name another path",
    errno.EACCES: "permission denied; name a path that you may write",
    errno.EPERM: "permission denied; name a path that you may write",
    errno.EROFS: "the file system is read-only; name a path on another one",
    errno.ENOSPC: "no space left; make room or name a path on another file system",
}


def output_error(verb: str, name: str, error: OSError) -> HostError:
    """Return the error of a failed output, with a remedy."""
    reason = REMEDIES.get(error.errno or 0, f"{error.strerror}; name another path")
    return HostError(HostCode.OUTPUT, f"cannot {verb} output {name}: {reason}")
