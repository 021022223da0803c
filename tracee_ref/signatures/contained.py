# SPDX-License-Identifier: Apache-2.0
"""Forked process for code of users, which cannot end, delay or change the tracer.

It has a session of its own, no file but its socket, /dev/null and an escaped stderr, a limit of
memory, and dies with the tracer.  It is no sandbox: the code has the tracer's rights.
"""

from __future__ import annotations

import ctypes
import io
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from select import PIPE_BUF
from struct import Struct
from typing import Final, NoReturn

from ..errors import HostCode, HostError
from ..strings import visible
from .description import error_line

MEMORY_BYTES: Final = 1 << 30
"""Private memory of the process (RLIMIT_DATA): more raises MemoryError."""

PR_SET_PDEATHSIG: Final = 1
LENGTH: Final = Struct("=I")
"""Prefix of a frame on the socket."""

FRAME_BYTES_MAX: Final = 1 << 26
STANDARD_FDS: Final = (0, 1, 2)
STDERR_FD: Final = 2


class ContainedProcess:
    """A child that calls a function with its end of a socket, and exits when that returns.

    Raises HostError if there can be no more processes or descriptors.
    """

    def __init__(self, run: Callable[[socket.socket], None], name: str) -> None:
        parent = os.getpid()
        try:
            self.socket, other = socket.socketpair()
            self.pid = os.fork()
        except OSError as error:
            raise HostError(
                HostCode.PROCESS,
                f"{name}: no process for it ({error.strerror}); end some, or raise the limits"
                " of processes and files (ulimit -u, ulimit -n)",
            ) from error
        if self.pid == 0:
            _become_contained(run, other, parent, name)
        other.close()
        self.socket.setblocking(False)

    def ended(self) -> str:
        """Return how the process ended; empty while it runs.  It is not reaped: ``kill`` does."""
        try:
            end = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:  # SIGCHLD is ignored
            return "its process ended"
        if end is None:
            return ""
        if end.si_code == os.CLD_EXITED:
            return f"its process exited with status {end.si_status}"
        return f"its process was killed by signal {end.si_status}"

    def kill(self) -> None:
        """End the process and those of its session; close the socket."""
        self.socket.close()
        for send in (os.killpg, os.kill):
            with suppress(ProcessLookupError, PermissionError):
                send(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


class Received:
    """Frames out of the bytes that a socket gave so far."""

    def __init__(self) -> None:
        self._data = bytearray()

    def frames(self, data: bytes) -> list[bytes]:
        """Add bytes; return the frames that are complete.  Raises ValueError for a huge one."""
        self._data += data
        found, start = [], 0
        while len(self._data) >= start + LENGTH.size:
            (size,) = LENGTH.unpack_from(self._data, start)
            if size > FRAME_BYTES_MAX:
                raise ValueError("an answer of it is too large")
            end = start + LENGTH.size + size
            if len(self._data) < end:
                break
            found.append(bytes(self._data[start + LENGTH.size : end]))
            start = end
        del self._data[:start]
        return found


def frame(data: bytes) -> bytes:
    """Return data with its length before it."""
    return LENGTH.pack(len(data)) + data


class VisibleStderr(io.TextIOBase):
    """What signatures print: escaped, a line at a time, on a descriptor."""

    def __init__(self, prefix: str, descriptor: int) -> None:
        self._prefix = prefix
        self._descriptor = descriptor
        self._line = ""

    def write(self, text: str) -> int:
        """Write the lines that are complete."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            data = f"{self._prefix}{visible(line)}\n".encode(errors="backslashreplace")
            with suppress(OSError):
                os.write(self._descriptor, data)
        return len(text)

    def copy(self, reader: int) -> None:
        """Write all that comes from a pipe."""
        with suppress(OSError):
            while data := os.read(reader, PIPE_BUF):
                self.write(data.decode(errors="surrogateescape"))


def replace_standard_streams(prefix: str) -> None:
    """Escape what is printed, also to descriptors 1 and 2 by libraries and other programs."""
    stderr = os.dup(STDERR_FD)
    reader, writer = os.pipe()
    for standard in STANDARD_FDS[1:]:
        os.dup2(writer, standard)
    os.close(writer)
    copy = VisibleStderr(prefix, stderr).copy
    threading.Thread(target=copy, args=[reader], daemon=True).start()
    sys.stdin = io.StringIO()
    sys.stdout = sys.stderr = VisibleStderr(prefix, stderr)


def _become_contained(
    run: Callable[[socket.socket], None], channel: socket.socket, parent: int, name: str
) -> NoReturn:
    """Contain this child, call the function, and exit."""
    status = 1
    try:
        _leave_tracer(channel, parent, name)
        run(channel)
        status = 0
    except BaseException as error:
        with suppress(BaseException):
            print(error_line(error), file=sys.stderr)
    finally:
        os._exit(status)


def _leave_tracer(channel: socket.socket, parent: int, name: str) -> None:
    """Give up the tracer's session, signal handlers and descriptors; set the limits."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.dup2(os.open(os.devnull, os.O_RDONLY), STANDARD_FDS[0])
    os.closerange(STDERR_FD + 1, channel.fileno())
    os.closerange(channel.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
    replace_standard_streams(f"tracee-ref: {name}: ")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # a lower limit that we have already
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
