# SPDX-License-Identifier: Apache-2.0
"""The traced COMMAND: a child that executes once tracing has started."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
"""Exit statuses of a shell for a command that is not found, or not executable."""

KILLED: Final = 128
"""Added to a signal's number for the exit status of a killed command, as a shell does."""


class CommandError(Exception):
    """The command cannot be started; ``status`` is the exit status for that."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Command:
    """A child process that executes the command when it is released.

    It has the signal dispositions that the tracer was started with; ``sigchld_ignored`` was that
    of SIGCHLD.
    """

    def __init__(self, argv: Sequence[str], *, sigchld_ignored: bool = False) -> None:
        self._path = find_program(argv[0])
        self._gate, gate = os.pipe2(os.O_CLOEXEC)[::-1]
        failure, self._failure = os.pipe2(os.O_CLOEXEC)[::-1]
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._gate)
            _run(self._path, argv, gate, failure, sigchld_ignored)
        os.close(gate)
        os.close(failure)
        self._pidfd = os.pidfd_open(self.pid)
        self._status: int | None = None

    def fileno(self) -> int:
        """Return a pidfd, readable once the command has exited."""
        return self._pidfd

    def release(self) -> None:
        """Let the child execute the command; raises CommandError if that fails."""
        os.write(self._gate, b"x")
        with os.fdopen(self._failure, "rb") as pipe:
            reason = pipe.read()
        if reason:
            os.waitpid(self.pid, 0)
            text = os.strerror(int(reason))
            raise CommandError(f"{self._path}: cannot be executed ({text})", NOT_EXECUTABLE)

    def exit_status(self) -> int | None:
        """Return the exit status as a shell gives it, None while the command runs."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self._status = code if code >= 0 else KILLED - code
        return self._status

    def signal(self, number: int) -> None:
        """Send a signal to the command, if it still runs."""
        if self._status is None:
            signal.pidfd_send_signal(self._pidfd, number)


def find_program(name: str) -> str:
    """Return the path of a program, searched in PATH as a shell does; raises CommandError."""
    path = shutil.which(name)
    if path:
        return path
    if os.path.dirname(name) and os.path.exists(name):  # noqa: PTH110, PTH120 (as it was given)
        raise CommandError(f"{name}: is not an executable file", NOT_EXECUTABLE)
    raise CommandError(f"{name}: command not found; check its name or PATH", NOT_FOUND)


def default_sigchld() -> bool:
    """Reset SIGCHLD, so that children can be waited for; return whether it was ignored."""
    return signal.signal(signal.SIGCHLD, signal.SIG_DFL) is signal.SIG_IGN


def _run(
    path: str, argv: Sequence[str], gate: int, failure: int, sigchld_ignored: bool
) -> NoReturn:
    """Wait at the gate, then become the command.  If the tracer dies, the gate just closes."""
    try:
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        if sigchld_ignored:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        if os.read(gate, 1):
            os.execv(path, list(argv))
    except OSError as error:
        os.write(failure, str(error.errno or errno.EIO).encode())
    except BaseException:
        sys.stderr.flush()  # the child must not return into the tracer's code
    os._exit(NOT_EXECUTABLE)
