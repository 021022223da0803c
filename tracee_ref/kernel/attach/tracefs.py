# SPDX-License-Identifier: Apache-2.0
"""Kernel file systems, such as tracefs, mounted or not.

Hosts and containers often do not mount them at the usual path.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

SYS_FSOPEN: Final = 430
SYS_FSCONFIG: Final = 431
SYS_FSMOUNT: Final = 432
FSCONFIG_CMD_CREATE: Final = 6

_libc = ctypes.CDLL(None, use_errno=True)


MOUNTED: Final = {
    "tracefs": ("/sys/kernel/tracing", "events"),
    "debugfs": ("/sys/kernel/debug", "sched"),
}
"""Usual path of a file system, and a directory that it has, unlike the one below its mount."""


def kernel_mount(kind: str) -> int:
    """Return a file descriptor of the root of a file system; raises OSError.

    A mount of our own needs CAP_SYS_ADMIN; without it, the one at the usual path must be readable.
    """
    try:
        return private_mount(kind)
    except OSError:
        path, directory = MOUNTED[kind]
        root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.stat(directory, dir_fd=root)
        except OSError:
            os.close(root)
            raise
        return root


def kernel_file(kind: str, path: str) -> str:
    """Return the text of a file below the root of a file system; empty if it cannot be read."""
    try:
        root = kernel_mount(kind)
    except OSError:
        return ""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY, dir_fd=root)) as file:
            return file.read()
    except OSError:
        return ""
    finally:
        os.close(root)


def private_mount(kind: str) -> int:
    """Mount a file system by its type, such as ``tracefs``, at no path.

    Return a file descriptor of its root; raises OSError.
    """
    context = _call(SYS_FSOPEN, kind.encode(), 1)
    try:
        _call(SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, None, None, 0)
        return _call(SYS_FSMOUNT, context, 1, 0)
    finally:
        os.close(context)


def _call(number: int, *arguments: object) -> int:
    result: int = _libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
