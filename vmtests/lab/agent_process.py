# SPDX-License-Identifier: Apache-2.0
"""Client side of an agent: requests, results, detection of a lost kernel.

A kernel that panics, hangs or exits is lost, which differs from a test that failed.  Results come
by the protocol only: the exit code of vng is not reliable.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import IO, Any, Self

from vmtests.lab.channel import Channel, ChannelClosedError, ChannelSilentError

BOOT_SECONDS = 300.0
"""Five emulated guests that boot together on two busy cores took half of this."""

ANSWER_SECONDS = 120.0
CONSOLE_LINES = 15
PROJECT = Path(__file__).resolve().parents[2]


class GuestLostError(Exception):
    """The kernel exited or does not answer; the message ends with its last console lines."""


class RequestError(Exception):
    """The agent reports that a request failed; the message is its traceback."""


class AgentProcess:
    """A running agent; a context manager that ends all its processes."""

    def __init__(
        self, name: str, argv: list[str], console: Path, boot_limit: float = BOOT_SECONDS
    ) -> None:
        self.name = name
        self.boot_limit = boot_limit
        self.console = console
        self.release = ""
        self.boot_seconds = 0.0
        self.lost_because = ""
        self._last_id = 0
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            argv,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=PROJECT,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            start_new_session=True,
        )
        self._channel = Channel(self._process)
        self._log = Thread(target=_keep_console, args=(self._process.stderr, console), daemon=True)
        self._log.start()

    @property
    def pid(self) -> int:
        """Process id of the agent, and process group id of all its processes on this machine."""
        return self._process.pid

    def wait_until_up(self) -> Self:
        """Wait for the agent's first line; raise GuestLostError if it does not come in time."""
        hello = self.receive(max(0.0, self._started + self.boot_limit - time.monotonic()))
        self.release = str(hello["release"])
        self.boot_seconds = time.monotonic() - self._started
        return self

    def ask(
        self,
        request: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
    ) -> dict[str, Any]:
        """Send a request (``module.function`` of vmtests.handlers) and wait for its result."""
        self.send(request, arguments, seconds=seconds)
        return self.receive(seconds)

    def send(
        self,
        request: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Send a request without waiting for its result."""
        if self.lost_because:  # its pipes are closed, and their fd numbers may have been reused
            raise GuestLostError(f"{self.name}: lost before ({self.lost_because})")
        self._last_id += 1
        message = {"id": self._last_id, "request": request, "arguments": dict(arguments or {})}
        try:
            self._channel.send(message, seconds)
        except (ChannelClosedError, ChannelSilentError) as error:
            raise self._lost(error, seconds) from error

    def receive(self, seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
        """Return the result of the last request; raise RequestError if the handler failed."""
        try:
            answer = self._channel.receive(seconds)
        except (ChannelClosedError, ChannelSilentError) as error:
            raise self._lost(error, seconds) from error
        if answer.get("id") != self._last_id:
            raise RequestError(f"{self.name}: answer {answer} does not fit request {self._last_id}")
        if "error" in answer:
            raise RequestError(f"{self.name}: {answer['error']}")
        result = answer["result"]
        assert isinstance(result, dict)
        return result

    def _lost(self, error: Exception, seconds: float) -> GuestLostError:
        """Kill the agent, as its late answers would fit no request; return the error to raise."""
        silent = isinstance(error, ChannelSilentError)
        reason = f"no answer in {seconds:g} s" if silent else "ended unexpectedly"
        self.lost_because = reason
        self._kill()
        head = f"{self.name}: {reason}; console {self.console}:"
        return GuestLostError("\n".join([head, *_last_lines(self.console)]))

    def close(self, seconds: float = 15) -> None:
        """Send ``shutdown``, wait up to ``seconds``, then kill all processes of the agent."""
        if self._process.poll() is None:
            try:
                self._channel.send({"id": -1, "request": "shutdown"}, 1)
                self._process.wait(seconds)
            except (ChannelClosedError, ChannelSilentError, subprocess.TimeoutExpired):
                pass
        self._kill()

    def interrupt(self) -> None:
        """Kill the agent; a thread that waits for an answer gets GuestLostError.  Thread-safe."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _kill(self) -> None:
        self.interrupt()
        self._process.wait()
        self._log.join(1)  # it ends when the last writer of the console has exited
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _keep_console(pipe: IO[bytes], path: Path) -> None:
    """Copy the console to its file: QEMU reopens its stderr and would truncate a file."""
    with pipe, path.open("wb", buffering=0) as log:
        while chunk := pipe.read(1 << 16):
            log.write(chunk)


def _last_lines(console: Path) -> list[str]:
    """Return the last lines of a console, after the first panic or BUG line before them."""
    lines = console.read_text(errors="replace").splitlines()
    causes = [line for line in lines[:-CONSOLE_LINES] if "Kernel panic" in line or "BUG:" in line]
    return causes[:1] + lines[-CONSOLE_LINES:]
