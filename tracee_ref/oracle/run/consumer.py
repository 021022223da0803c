# SPDX-License-Identifier: Apache-2.0
"""Child process of a consumer: lines to it and from it, each with a time limit.

Threads read and write, so a consumer that writes nothing or reads nothing does not block us.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from queue import Empty, Queue
from threading import Thread
from typing import IO, Final

from ...errors import HostCode, HostError
from ..protocol.messages import MAX_LINE_BYTES

STDERR_LINES: Final = 5
"""Last lines of the consumer's standard error in the report of a crash."""

END_SECONDS: Final = 5.0
"""Time limit for the consumer to exit after the end of its input."""

DRAIN_SECONDS: Final = 1.0

UNSOLICITED: Final = "sent a line that no case asked for"


class ConsumerBrokenError(Exception):
    """The consumer exited, did not reply in time, or sent too much."""


class Consumer:
    """A running consumer; ``close`` kills its process group."""

    def __init__(self, argv: Sequence[str]) -> None:
        try:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise HostError(
                HostCode.PROCESS,
                f"{argv[0]}: cannot be started ({reason}) - give an executable after --",
            ) from error
        self._received: Queue[bytes] = Queue(maxsize=16)
        self._to_send: Queue[bytes | None] = Queue()
        self._stderr: deque[bytes] = deque(maxlen=STDERR_LINES)
        self._threads = [
            Thread(target=target, args=(pipe,), daemon=True)
            for target, pipe in (
                (self._read, self._process.stdout),
                (self._write, self._process.stdin),
                (self._read_stderr, self._process.stderr),
            )
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, line: str, seconds: float) -> bytes:
        """Send a line and return the reply; raise ConsumerBrokenError after `seconds`."""
        if not self._received.empty():
            raise ConsumerBrokenError(UNSOLICITED)
        self._to_send.put(line.encode())
        try:
            reply = self._received.get(timeout=seconds)
        except Empty:
            raise ConsumerBrokenError(f"no reply in {seconds:g} s") from None
        if not reply:
            raise ConsumerBrokenError(self._how_it_ended())
        if len(reply) > MAX_LINE_BYTES:
            raise ConsumerBrokenError(f"a line of more than {MAX_LINE_BYTES} bytes")
        return reply

    def end(self) -> str:
        """Close its input and wait for its exit; return a phrase on a failure, empty for none."""
        self._to_send.put(None)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return f"did not end within {END_SECONDS:g} s after the end of its input"
        if self._process.returncode:
            return self._how_it_ended()
        self._threads[0].join(END_SECONDS)
        unsolicited = not self._received.empty() and self._received.get()
        return UNSOLICITED if unsolicited else ""

    def close(self) -> None:
        """Kill its process group."""
        self._to_send.put(None)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._drain()

    def _drain(self) -> None:
        """Let the reader thread, which may block on the full queue, reach the end of the output.

        A child in another session may keep the output open for longer than we wait.
        """
        limit = time.monotonic() + DRAIN_SECONDS
        while self._threads[0].is_alive() and time.monotonic() < limit:
            with contextlib.suppress(Empty):
                self._received.get(timeout=0.01)

    def _how_it_ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        status = self._process.returncode
        if status is None:
            return "closed its output"
        self._threads[2].join(END_SECONDS)
        how = f"killed by signal {-status}" if status < 0 else f"exited with status {status}"
        stderr = " | ".join(line.decode("utf-8", "replace").rstrip() for line in self._stderr)
        return f"{how}; stderr: {stderr}" if stderr else how

    def _read(self, pipe: IO[bytes]) -> None:
        """Queue the lines of its output; an empty one marks the end."""
        with pipe:
            while line := pipe.readline(MAX_LINE_BYTES + 1):
                self._received.put(line)
        self._received.put(b"")

    def _write(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(BrokenPipeError), pipe:
            while (line := self._to_send.get()) is not None:
                pipe.write(line)
                pipe.flush()

    def _read_stderr(self, pipe: IO[bytes]) -> None:
        with pipe:
            while line := pipe.readline(1000):
                self._stderr.append(line)
