# SPDX-License-Identifier: Apache-2.0
"""Standard output and files, opened as outputs."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable
from typing import Final

from ..errors import HostCode, HostError
from ..files.walk import UnsafePathError
from ..files.written import MODE, open_written
from .writer import QUEUE_BYTES, Sink

STDOUT_FD: Final = 1
DESCRIPTORS: Final = ("/dev/", "/proc/")
"""Where the paths of open descriptors begin; others may have the same file open."""


def open_sink(
    path: str | None, mode: int = MODE, queue_bytes: int = QUEUE_BYTES, scopes: int = 0
) -> Sink:
    """Open a file to append to, made with a mode if it is new; None is standard output.

    ``scopes`` is the mask of the scopes whose lines it gets.  Raises HostError.
    """
    if path is None:
        return open_stdout(queue_bytes, scopes)
    try:
        shared = path.startswith(DESCRIPTORS)
        descriptor = open_written(path, mode)
        return Sink(descriptor, path, shared=shared, queue_bytes=queue_bytes, scopes=scopes)
    except UnsafePathError as error:
        raise HostError(HostCode.OUTPUT, f"cannot open output {path}: {error}") from None
    except OSError as error:
        raise output_error("open", path, error) from None


def open_sinks(
    paths: Iterable[str | None],
    mode: int = MODE,
    queue_bytes: int = QUEUE_BYTES,
    scopes: int = 0,
) -> list[Sink]:
    """Open all outputs of a run; raises HostError, also if two are one file."""
    sinks: dict[tuple[int, int], Sink] = {}
    for number, path in enumerate(paths):
        sink = open_sink(path, mode, queue_bytes, scopes)
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


def open_stdout(queue_bytes: int, scopes: int) -> Sink:
    """Return the sink of standard output; raises HostError if that is closed."""
    # None if the descriptor was closed when Python started; since then the number may have been
    # reused.
    if sys.stdout is None:
        raise HostError(
            HostCode.OUTPUT,
            "standard output is closed; redirect it, or name a file: -o FORMAT:PATH",
        )
    name = "standard output"
    return Sink(STDOUT_FD, name, shared=True, queue_bytes=queue_bytes, scopes=scopes)


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
