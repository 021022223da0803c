# SPDX-License-Identifier: Apache-2.0
"""Walk along a path, component by component, with a check of each.

Every component is opened relative to its directory and without following links, so what was
checked is what is used, whatever other users rename meanwhile.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

ROOT_UID: Final = 0
OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
"""Write permission of others than the owner; with an ACL, the group's bits are its mask."""

LINKS_MAX: Final = 40
"""Symbolic links in a path, as in the kernel (MAXSYMLINKS, linux/namei.h)."""

STANDARD: Final = ("stdin", "stdout", "stderr")

DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class UnsafePathError(Exception):
    """Another user could have prepared a file; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Located:
    """A name in an open directory; ``status`` is None if there is no such file.

    ``path`` is the path of the file, without symbolic links.
    """

    directory: int
    path: str
    name: str
    status: os.stat_result | None


Check: TypeAlias = Callable[[os.stat_result, Located], None]
"""Gets the status of a directory and what is located in it; raises UnsafePathError."""


@contextmanager
def located(path: str, check: Check, directory_mode: int | None = None) -> Iterator[Located]:
    """Yield the last component of a path, with its directory open; follow links before it.

    The last component is a link only if ``check`` accepts one: it is followed as well.  Missing
    directories are made with ``directory_mode``, if given.  Raises OSError, and UnsafePathError
    from ``check``.
    """
    walk = Walk(path, check, directory_mode)
    try:
        yield walk.last()
    finally:
        walk.close()


class Walk:
    """State of a walk: an open directory, its path, and the components that are left."""

    def __init__(self, path: str, check: Check, directory_mode: int | None) -> None:
        absolute = path if path.startswith("/") else f"{os.getcwd()}/{path}"  # noqa: PTH109
        self._check = check
        self._directory_mode = directory_mode
        self._left = components(absolute)
        self._names: list[str] = []
        self._links = 0
        self._directory = os.open("/", DIRECTORY)

    def close(self) -> None:
        """Close the directory."""
        os.close(self._directory)

    def last(self) -> Located:
        """Go on to the last component."""
        while self._left:
            found = self._locate(self._left.pop())
            if found is None:
                continue
            if not self._left:
                return found
            self._enter(found)
        return Located(self._directory, self._path(), ".", os.fstat(self._directory))

    def _locate(self, name: str) -> Located | None:
        """Return a component; None if the walk goes on elsewhere: ``..`` or a link's target."""
        if name == "..":
            self._replace(os.open("..", DIRECTORY, dir_fd=self._directory))
            self._names = self._names[:-1]
            return None
        found = Located(self._directory, self._path(name), name, self._status(name))
        self._check(os.fstat(self._directory), found)
        if found.status is None or not stat.S_ISLNK(found.status.st_mode):
            return found
        if self._names[:1] == ["proc"] and len(self._names) > 1:
            # The text of such a link is no path here: /proc/PID/root, /proc/PID/fd/1.
            raise UnsafePathError(f"{found.path} leads to another process's file; name its path")
        self._follow(name)
        return None

    def _status(self, name: str) -> os.stat_result | None:
        """Return the status of an entry; make it if it is a missing directory of the path."""
        try:
            return os.stat(name, dir_fd=self._directory, follow_symlinks=False)
        except FileNotFoundError:
            if not self._left:
                return None
            if self._directory_mode is None:
                raise
        with suppress(FileExistsError):
            os.mkdir(name, self._directory_mode, dir_fd=self._directory)
        return os.stat(name, dir_fd=self._directory, follow_symlinks=False)

    def _follow(self, name: str) -> None:
        self._links += 1
        if self._links > LINKS_MAX:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        target = os.readlink(name, dir_fd=self._directory)
        self._left += components(target)
        if target.startswith("/"):
            self._replace(os.open("/", DIRECTORY))
            self._names = []

    def _enter(self, found: Located) -> None:
        self._replace(os.open(found.name, DIRECTORY, dir_fd=self._directory))
        self._names.append(found.name)

    def _replace(self, directory: int) -> None:
        os.close(self._directory)
        self._directory = directory

    def _path(self, *more: str) -> str:
        return "/" + "/".join([*self._names, *more])


def components(path: str) -> list[str]:
    """Return the components of a path, the last one first."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def is_ours(status: os.stat_result) -> bool:
    """Return whether a file belongs to the effective user or to root."""
    return status.st_uid in (ROOT_UID, os.geteuid())


def others_can_write(status: os.stat_result) -> bool:
    """Return whether a user other than root and the effective one can write a file."""
    return not is_ours(status) or bool(status.st_mode & OTHERS_WRITE)


def ownership(status: os.stat_result) -> str:
    """Return owner and mode, as an error message names them."""
    return f"owner {status.st_uid}, mode {stat.S_IMODE(status.st_mode):04o}"


def own_descriptor(path: str) -> int | None:
    """Return the number of the descriptor of ours that a path means, None for other paths."""
    process = rf"/proc/(?:self|thread-self|{os.getpid()})(?:/task/\d+)?"
    found = re.fullmatch(rf"(?:/dev/|{process}/)fd/(\d+)|/dev/(stdin|stdout|stderr)", path)
    if found is None:
        return None
    number, name = found.groups()
    return STANDARD.index(name) if name else int(number)
