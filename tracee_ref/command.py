# SPDX-License-Identifier: Apache-2.0
"""The traced COMMAND: a child that executes once tracing has started."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NoReturn

from .signals import KILLED, Inherited

NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
"""Exit statuses of a shell for a command that is not found, or not executable."""


class CommandError(Exception):
    """The command cannot be started; ``status`` is the exit status for that."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Command:
    """A child process that executes the command when it is released.

    It has the signal dispositions and the signal mask that the tracer was started with.
    """

    def __init__(self, argv: Sequence[str], inherited: Inherited | None = None) -> None:
        self._path = find_program(argv[0])
        self._gate, gate = os.pipe2(os.O_CLOEXEC)[::-1]
        failure, self._failure = os.pipe2(os.O_CLOEXEC)[::-1]
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._gate)
            _run(self._path, argv, gate, failure, inherited or Inherited())
        os.close(gate)
        os.close(failure)
        self._pidfd = os.pidfd_open(self.pid)
        self._status: int | None = None

    def fileno(self) -> int:
        """Return a pidfd, readable once the command has exited."""
        return self._pidfd

    def release(self) -> None:
        """Let the child execute the command; raises CommandError if that fails.

        A child that a signal has ended has the exit status for that.
        """
        with suppress(BrokenPipeError):
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

    def pass_on(self, number: int, by_kernel: bool) -> None:
        """Send a signal to the command, unless the terminal sent it to the whole process group."""
        with suppress(OSError):  # the command has ended
            if not (by_kernel and os.getpgid(self.pid) == os.getpgrp()):
                signal.pidfd_send_signal(self._pidfd, number)


def find_program(name: str) -> str:
    """Return the path of a program, searched in PATH as a shell does; raises CommandError."""
    path = shutil.which(name)
    if path:
        return path
    if os.path.dirname(name) and os.path.exists(name):  # noqa: PTH110, PTH120 (as it was given)
        raise CommandError(f"{name}: is not an executable file", NOT_EXECUTABLE)
    raise CommandError(f"{name}: command not found; check its name or PATH", NOT_FOUND)


def _run(path: str, argv: Sequence[str], gate: int, failure: int, inherited: Inherited) -> NoReturn:
    """Wait at the gate, then become the command.  If the tracer dies, the gate just closes.

    The environment is that of ``os.environ``: libraries in C change the process's own one, as
    readline does, which sets COLUMNS and LINES.
    """
    try:
        inherited.restore()
        if os.read(gate, 1):
            os.execve(path, list(argv), os.environ)
    except OSError as error:
        os.write(failure, str(error.errno or errno.EIO).encode())
    except BaseException:
        sys.stderr.flush()  # the child must not return into the tracer's code
    os._exit(NOT_EXECUTABLE)
