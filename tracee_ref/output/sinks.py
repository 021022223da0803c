# SPDX-License-Identifier: Apache-2.0
"""Where lines go: standard output or files, buffered."""

from __future__ import annotations

import errno
import os
import select
import sys
from pathlib import Path
from typing import Final

from tracee_ref.errors import HostCode, HostError

from .visible import visible

BUFFER_BYTES: Final = 64 * 1024
"""What is collected before a write: the size of a pipe."""

STDOUT_FD: Final = 1
FILE_MODE: Final = 0o666
"""Permissions of a new file before the umask, as the shell's ``>`` gives them."""


class OutputClosed(Exception):  # noqa: N818 - it is an end, not an error
    """The reader of an output went away; raised once by each output."""


class Sink:
    """An open output.  Bytes are written when enough are there, or at ``flush``."""

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self._name = name
        self._pending = bytearray()
        self._closed = False

    def write(self, data: bytes) -> None:
        """Take in bytes; may write, and so raise what ``flush`` raises."""
        if self._closed:
            return
        self._pending += data
        if len(self._pending) >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is pending.

        Raises OutputClosed when the reader went away, after which the sink takes everything
        and writes nothing; HostError when the file cannot take it (no space left).
        """
        pending, self._pending = self._pending, bytearray()
        try:
            write_all(self._descriptor, pending)
        except BrokenPipeError:
            self._closed = True
            raise OutputClosed(self._name) from None
        except OSError as error:
            self._closed = True
            raise refusal("write to", self._name, error) from None

    def close(self) -> None:
        """Flush and close; standard output stays open for others."""
        try:
            self.flush()
        finally:
            self._closed = True
            if self._descriptor != STDOUT_FD:
                os.close(self._descriptor)


def write_all(descriptor: int, data: bytearray) -> None:
    """Write everything, also where a write takes only a part or none for now."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            # Another program sharing the terminal or pipe made it non-blocking.
            select.select([], [descriptor], [])


def open_sink(path: str | None) -> Sink:
    """Open a file, emptied, with the directories it needs; None is standard output.

    Raises HostError where that is not possible.
    """
    if path is None:
        return open_stdout()
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        return Sink(os.open(path, flags, FILE_MODE), path)
    except OSError as error:
        raise refusal("open", path, error) from None


def open_stdout() -> Sink:
    """Return the sink of standard output."""
    # Python sets this to None if the descriptor was closed when the program started; by now
    # the number may belong to another file.
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


def refusal(verb: str, name: str, error: OSError) -> HostError:
    """Return the line for an output that failed."""
    reason = REMEDIES.get(error.errno or 0, f"{error.strerror}; name another path")
    return HostError(HostCode.OUTPUT, f"cannot {verb} output {visible(name)}: {reason}")
