# SPDX-License-Identifier: Apache-2.0
"""Files with code or policy, refused where others can write them.

The rule is that of sshd's strict modes, except that a sticky directory may be on the path.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from .walk import Located, UnsafePathError, is_ours, located, others_can_write, ownership

READ_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_trusted(path: str) -> bytes:
    """Return the content of a regular file; raises UnsafePathError, or OSError."""
    with (
        opened_trusted(path, check_file) as descriptor,
        os.fdopen(os.dup(descriptor), "rb") as file,
    ):
        return file.read()


def trusted_names(path: str) -> list[str]:
    """Return the names in a directory; raises UnsafePathError, or OSError."""
    with opened_trusted(path, check_private, os.O_DIRECTORY) as descriptor:
        return sorted(os.listdir(descriptor))  # noqa: PTH208 - a descriptor


@contextmanager
def opened_trusted(
    path: str, check: Callable[[str, os.stat_result], None], flags: int = 0
) -> Iterator[int]:
    """Open a file that passes ``check``, by a path that others cannot write."""
    with located(path, check_trusted) as found:
        descriptor = os.open(found.name, READ_FLAGS | flags, dir_fd=found.directory)
        try:
            check(found.path, os.fstat(descriptor))
            yield descriptor
        finally:
            os.close(descriptor)


def check_trusted(directory: os.stat_result, entry: Located) -> None:
    """Raise UnsafePathError if others can replace an entry, or can write what is there.

    In a sticky directory, as /tmp is, nobody else can replace an entry that is ours.
    """
    parent = entry.path.rpartition("/")[0] or "/"
    if not is_ours(directory) or (others_can_write(directory) and not is_sticky(directory)):
        raise unsafe(parent, directory)
    if is_sticky(directory) and entry.status and not is_ours(entry.status):
        raise unsafe(entry.path, entry.status)


def check_file(path: str, status: os.stat_result) -> None:
    """Raise UnsafePathError for anything but a regular file that only we can write."""
    if not stat.S_ISREG(status.st_mode):
        raise UnsafePathError(f"{path} is no regular file; name one")
    check_private(path, status)


def check_private(path: str, status: os.stat_result) -> None:
    """Raise UnsafePathError if others can write a file or directory."""
    if others_can_write(status):
        raise unsafe(path, status)


def is_sticky(status: os.stat_result) -> bool:
    """Return whether only the owner of an entry can remove or rename it."""
    return bool(status.st_mode & stat.S_ISVTX)


def unsafe(path: str, status: os.stat_result) -> UnsafePathError:
    """Return the error of a file or directory that others can write."""
    fix = "chmod go-w" if is_ours(status) else f"chown {os.geteuid()}"
    return UnsafePathError(
        f"others can write {path} ({ownership(status)}); {fix} it, or use a copy of yours"
    )
