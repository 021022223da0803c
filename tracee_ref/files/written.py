# SPDX-License-Identifier: Apache-2.0
"""Files to write: outputs of the tracer, and reports of the oracle.

A run has privileges that other users lack, and its files what they may not read.  So no other user
may choose which file is written: a symbolic link in a directory that others can write is refused,
and what is there already must be ours.  Linux v3.6, 800179c9b8a1 ("fs: add link restrictions")
protects sticky directories only, and only where it is switched on.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import sys
import time
from typing import Final

from .walk import (
    STANDARD,
    Located,
    UnsafePathError,
    located,
    others_can_write,
    own_descriptor,
    ownership,
)

MODE: Final = 0o600
"""Permissions of a new file."""

FIFO: Final = "fifo:"
"""Prefix of a path that is a FIFO on purpose."""

DEVICES: Final = "/dev/"
FIFO_SECONDS: Final = 5.0
"""Time that a FIFO has to get a reader."""

FIFO_POLL_SECONDS: Final = 0.02
ATTEMPTS: Final = 3
"""Openings of a path that others change meanwhile."""

FLAGS: Final = (
    os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
)


class OwnDescriptor(Exception):  # noqa: N818 - not an error
    """A path is one of this process's descriptors."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def write_report(path: str, content: bytes) -> None:
    """Write a file, from its beginning; raises UnsafePathError, or OSError."""
    with os.fdopen(open_written(path, truncate=True), "wb") as file:
        file.write(content)


def open_written(path: str, mode: int = MODE, *, truncate: bool = False) -> int:
    """Open a file to append to; return a descriptor.  A new file has exactly ``mode``.

    Missing directories are made.  A FIFO needs the prefix ``fifo:``, a device a path in /dev;
    ``/dev/stdout``, ``/dev/stderr`` and ``/dev/fd/N`` are duplicates of our descriptors.  Raises
    UnsafePathError, or OSError.
    """
    name = path.removeprefix(FIFO)
    if name.endswith("/"):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    try:
        if (own := own_descriptor(os.path.normpath(name))) is not None:
            raise OwnDescriptor(own)
        for _ in range(ATTEMPTS):
            with located(name, check_links, directory_mode(mode)) as found:
                descriptor = open_located(found, path, mode)
            if descriptor is None:
                continue
            if truncate and stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.truncate(descriptor, 0)
            return descriptor
    except OwnDescriptor as own_path:
        return duplicate(own_path.number)
    raise UnsafePathError(f"{name} is replaced all the time; name a path in a directory of yours")


def open_located(found: Located, path: str, mode: int) -> int | None:
    """Open or make a file; return None if it appeared, disappeared or changed meanwhile."""
    try:
        if found.status is None:
            if path.startswith(FIFO):
                raise UnsafePathError(f"{found.path} does not exist; make it with mkfifo")
            return create(found, mode)
        check_kind(found.status, found.path, path)
        check_owner(found)
        descriptor = open_existing(found, found.status)
    except (FileExistsError, FileNotFoundError):
        return None
    if not os.path.samestat(os.fstat(descriptor), found.status):
        os.close(descriptor)
        return None
    os.set_blocking(descriptor, True)
    return descriptor


def create(found: Located, mode: int) -> int:
    """Make a file with a mode that the umask does not change."""
    flags = FLAGS | os.O_CREAT | os.O_EXCL
    descriptor = os.open(found.name, flags, MODE & mode, dir_fd=found.directory)
    os.fchmod(descriptor, mode)
    return descriptor


def open_existing(found: Located, status: os.stat_result) -> int:
    """Open a file; wait for the reader of a FIFO."""
    deadline = time.monotonic() + FIFO_SECONDS
    while True:
        try:
            return os.open(found.name, FLAGS, dir_fd=found.directory)
        except OSError as error:
            if error.errno != errno.ENXIO or not stat.S_ISFIFO(status.st_mode):
                raise
            if time.monotonic() > deadline:
                raise UnsafePathError(
                    f"nobody reads {found.path}; start its reader first"
                ) from None
        time.sleep(FIFO_POLL_SECONDS)


def check_links(directory: os.stat_result, entry: Located) -> None:
    """Raise for a symbolic link that another user could have made, and for our descriptors."""
    if (own := own_descriptor(entry.path)) is not None:
        raise OwnDescriptor(own)
    if entry.status and stat.S_ISLNK(entry.status.st_mode) and others_can_write(directory):
        raise UnsafePathError(
            f"{entry.path} is a symbolic link in a directory that others can write; name its target"
        )


def check_kind(status: os.stat_result, real_path: str, path: str) -> None:
    """Raise UnsafePathError unless a file is of the kind that its path names on purpose."""
    kind, in_devices = status.st_mode, path.startswith(DEVICES)
    if stat.S_ISDIR(kind):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    if stat.S_ISFIFO(kind):
        if not in_devices and not path.startswith(FIFO):
            raise UnsafePathError(f"{real_path} is a FIFO; if meant, write {FIFO}PATH")
    elif path.startswith(FIFO):
        raise UnsafePathError(f"{real_path} is no FIFO; name it without {FIFO}")
    elif stat.S_ISCHR(kind):
        if not in_devices:
            raise UnsafePathError(f"{real_path} is a device; if meant, name it in {DEVICES}")
    elif not stat.S_ISREG(kind):
        raise UnsafePathError(f"{real_path} is no regular file; name another path")


def check_owner(found: Located) -> None:
    """Raise UnsafePathError if another user could have put an existing file there."""
    status, directory = found.status, os.fstat(found.directory)
    if status is None or stat.S_ISCHR(status.st_mode):
        return
    shared = others_can_write(directory)
    if status.st_uid != os.geteuid() and (shared or stat.S_ISREG(status.st_mode)):
        raise UnsafePathError(
            f"{found.path} is not ours ({ownership(status)}); name another path, or remove it"
        )
    if shared and status.st_nlink > 1:
        raise UnsafePathError(
            f"{found.path} has another name, in a directory that others can write; remove it"
        )


def duplicate(number: int) -> int:
    """Return a duplicate of a descriptor that we were started with, and that can be written."""
    missing = UnsafePathError(f"descriptor {number} is not open for writing; redirect it")
    try:
        inherited = was_open(number)
        writable = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    except (OSError, OverflowError):
        raise missing from None
    if not (inherited and writable):
        raise missing
    return os.dup(number)


def was_open(number: int) -> bool:
    """Return whether a descriptor was open when Python started: those made since are not inherited.

    The number of a standard stream that was closed may have been reused: Python has None for it.
    """
    if number < len(STANDARD):
        return getattr(sys, STANDARD[number]) is not None
    return os.get_inheritable(number)


def directory_mode(mode: int) -> int:
    """Return the mode of a directory for files of a mode: who may read may enter."""
    return mode | (mode & 0o444) >> 2 | stat.S_IRWXU
