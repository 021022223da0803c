# SPDX-License-Identifier: Apache-2.0
"""Files of shared objects, opened in a mount namespace and read in limited time.

The path of an event begins at the root of the mount namespace.  Its own processes may choose what
is there: links, devices, file systems that never answer.
"""

from __future__ import annotations

import ctypes
import errno
import os
import queue
import stat
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from struct import pack
from typing import Final, Generic, NamedTuple, TypeVar

from .elf import NoSymbolsError, exported_symbols

Key = TypeVar("Key")
Value = TypeVar("Value")

READ_SECONDS: Final = 5.0
"""Time to open and read a file."""

STUCK_THREADS_MAX: Final = 8
PROCESSES_KEPT: Final = 8
NAMESPACES_KEPT: Final = 256
SYMBOLS_KEPT: Final = 1 << 18
"""Symbols in the cache, 30 MiB."""

SYS_OPENAT2: Final = 437
RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_IN_ROOT = 2, 4, 0x10
RESOLVE: Final = RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_IN_ROOT
READ_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

_libc = ctypes.CDLL(None, use_errno=True)


class FileId(NamedTuple):
    """Identity and version of a file, as the kernel has them."""

    device: int
    inode: int
    ctime: int


class SharedObject(NamedTuple):
    """A loaded file, and a process that has it."""

    id: FileId
    path: str
    pid: int
    mntns: int


class Lru(Generic[Key, Value]):
    """The values that were used last; ``size`` of all is at most ``limit``."""

    def __init__(self, limit: int, size: Callable[[Value], int] = lambda _: 1) -> None:
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._limit, self._size, self._used = limit, size, 0

    def get(self, key: Key) -> Value | None:
        """Return a value, or None."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Add or replace a value; remove others beyond the limit."""
        if key in self._values:
            self._used -= self._size(self._values.pop(key))
        self._values[key] = value
        self._used += self._size(value)
        while self._used > self._limit and len(self._values) > 1:
            self._used -= self._size(self._values.popitem(last=False)[1])


class Symbols:
    """The exported symbols of shared objects, cached; ``unread`` has the files that had none."""

    def __init__(self) -> None:
        self._roots = Roots()
        self._reader = TimedReader()
        self._cache: Lru[FileId, frozenset[str]] = Lru(SYMBOLS_KEPT, lambda names: len(names) + 1)
        self.unread: dict[str, str] = {}
        self.unread_count = 0

    def note(self, pid: int, mntns: int) -> None:
        """Remember a process of a mount namespace."""
        self._roots.note(pid, mntns)

    def of(self, loaded: SharedObject) -> frozenset[str]:
        """Return the symbols of an object; none if they cannot be read, which is counted."""
        self._roots.note(loaded.pid, loaded.mntns)
        found = self._cache.get(loaded.id)
        if found is None:
            found = self._read(loaded)
        return found

    def _read(self, loaded: SharedObject) -> frozenset[str]:
        try:
            names = self._reader.read(loaded.id.device, lambda: self._open_and_read(loaded))
        except NoSymbolsError:
            names = frozenset()
        except OSError as error:
            self.unread_count += 1
            self.unread[loaded.path] = error.strerror or str(error)
            return frozenset()
        self._cache.put(loaded.id, names)
        return names

    def _open_and_read(self, loaded: SharedObject) -> frozenset[str]:
        descriptor = self._roots.open(loaded)
        try:
            return exported_symbols(descriptor)
        finally:
            os.close(descriptor)

    def summary(self) -> str:
        """Return a sentence about the objects that could not be read; empty for none."""
        if not self.unread_count:
            return ""
        path, reason = next(iter(self.unread.items()))
        return (
            f"symbols of {self.unread_count} shared objects could not be read, such as those of"
            f" {path} ({reason})"
        )


class Roots:
    """Processes by mount namespace, through which its files are opened."""

    def __init__(self) -> None:
        self._pids: Lru[int, deque[int]] = Lru(NAMESPACES_KEPT)

    @cached_property
    def _own(self) -> int:
        """The mount namespace of this process, read when needed: there may be no /proc."""
        return Path("/proc/self/ns/mnt").stat().st_ino

    def note(self, pid: int, mntns: int) -> None:
        """Remember a process of a mount namespace."""
        pids = self._pids.get(mntns)
        if pids is None:
            pids = deque(maxlen=PROCESSES_KEPT)
            self._pids.put(mntns, pids)
        if pid not in pids:
            pids.append(pid)

    def open(self, loaded: SharedObject) -> int:
        """Open the file that was loaded; raises OSError if it is no longer there."""
        error = FileNotFoundError(
            errno.ENOENT, "the process has exited, and no other of its mount namespace"
        )
        for root in self._roots(loaded):
            try:
                return opened_file(root, loaded)
            except OSError as failed:
                error = failed if isinstance(failed, FileNotFoundError) else error
                error.strerror = failed.strerror
            finally:
                os.close(root)
        raise error

    def _roots(self, loaded: SharedObject) -> Iterator[int]:
        """Yield descriptors of directories that may be the root of the mount namespace."""
        known = self._pids.get(loaded.mntns) or ()
        pids = [] if loaded.mntns == self._own else [loaded.pid, *reversed(known)]
        if loaded.mntns == self._own:
            yield os.open("/proc/self/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        for pid in dict.fromkeys(pids):
            with suppress(OSError):
                yield root_of(pid, loaded.mntns)


def root_of(pid: int, mntns: int) -> int:
    """Open the root directory of a process, if it is in a mount namespace; raises OSError."""
    process = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if os.stat("ns/mnt", dir_fd=process).st_ino != mntns:
            raise ProcessLookupError(errno.ESRCH, "the process has another mount namespace by now")
        return os.open("root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=process)
    finally:
        os.close(process)


def opened_file(root: int, loaded: SharedObject) -> int:
    """Open a regular file below a root without following links; raises OSError.

    The file is the one that was loaded: its change time is the same.  An overlay file system has
    other numbers for stat(2) than the kernel.
    """
    handle = openat2(root, os.fsencode(loaded.path), os.O_PATH | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_ctime_ns != loaded.id.ctime:
            raise FileNotFoundError(errno.ENOENT, "another file is there by now")
        return os.open(f"/proc/self/fd/{handle}", READ_FLAGS)
    finally:
        os.close(handle)


def openat2(directory: int, path: bytes, flags: int) -> int:
    """Return a descriptor of a path, resolved as RESOLVE says; raises OSError."""
    how = pack("=QQQ", flags, 0, RESOLVE)
    found: int = _libc.syscall(SYS_OPENAT2, directory, path, how, len(how))
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found


class Reading:
    """A call in another thread, and what came of it."""

    def __init__(self, call: Callable[[], frozenset[str]]) -> None:
        self._call = call
        self._done = threading.Event()
        self._found: frozenset[str] = frozenset()
        self._error: Exception | None = None

    def run(self) -> None:
        """Call; keep the result or the error."""
        try:
            self._found = self._call()
        except Exception as error:
            self._error = error
        self._done.set()

    def is_done(self, seconds: float = 0.0) -> bool:
        """Return whether the call ends within a time."""
        return self._done.wait(seconds)

    def result(self) -> frozenset[str]:
        """Return the result of the call, or raise its error."""
        if self._error:
            raise self._error
        return self._found


class TimedReader:
    """A thread that reads files; while a file system blocks it, no other file there is read."""

    def __init__(self) -> None:
        self._readings: queue.SimpleQueue[Reading | None] | None = None
        self._stuck: dict[int, Reading] = {}

    def read(self, device: int, call: Callable[[], frozenset[str]]) -> frozenset[str]:
        """Return the result of a call; raises its error, or TimeoutError."""
        self._stuck = {at: reading for at, reading in self._stuck.items() if not reading.is_done()}
        if device in self._stuck or len(self._stuck) >= STUCK_THREADS_MAX:
            raise TimeoutError(errno.ETIMEDOUT, "its file system does not answer")
        if self._readings is None:
            self._readings = queue.SimpleQueue()
            threading.Thread(target=serve, args=(self._readings,), daemon=True).start()
        reading = Reading(call)
        self._readings.put(reading)
        if not reading.is_done(READ_SECONDS):
            self._stuck[device] = reading
            self._readings.put(None)
            self._readings = None
            raise TimeoutError(errno.ETIMEDOUT, "its file system does not answer")
        return reading.result()


def serve(readings: queue.SimpleQueue[Reading | None]) -> None:
    """Read files, one after the other, until None comes."""
    while reading := readings.get():
        reading.run()
