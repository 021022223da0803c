"""A consumer's process: lines to it and from it, each within a time limit.

Reading and writing are done by threads, so that neither a consumer that says nothing nor one
that reads nothing can hold us up.
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
"""Last lines of its standard error that the report of a crash has."""

END_SECONDS: Final = 5.0
"""What a consumer has to end by itself after the end of its input."""

DRAIN_SECONDS: Final = 1.0

UNASKED: Final = "said something without being asked"


class ConsumerBrokenError(Exception):
    """The consumer ended, said nothing in time or said too much; the text says which."""


class Consumer:
    """A running consumer; ``close`` leaves no process of it behind."""

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
                f"{argv[0]}: cannot be started ({reason}) - give a command that can, after --",
            ) from error
        self._said: Queue[bytes] = Queue(maxsize=16)
        self._to_say: Queue[bytes | None] = Queue()
        self._last_words: deque[bytes] = deque(maxlen=STDERR_LINES)
        self._threads = [
            Thread(target=work, args=(pipe,), daemon=True)
            for work, pipe in (
                (self._read, self._process.stdout),
                (self._write, self._process.stdin),
                (self._keep, self._process.stderr),
            )
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, line: str, seconds: float) -> bytes:
        """Send a line and return the one that comes back; ConsumerBrokenError if none does."""
        if not self._said.empty():
            raise ConsumerBrokenError(UNASKED)
        self._to_say.put(line.encode())
        try:
            said = self._said.get(timeout=seconds)
        except Empty:
            raise ConsumerBrokenError(f"no reply in {seconds:g} s") from None
        if not said:
            raise ConsumerBrokenError(self._how_it_ended())
        if len(said) > MAX_LINE_BYTES:
            raise ConsumerBrokenError(f"a line of more than {MAX_LINE_BYTES} bytes")
        return said

    def end(self) -> str:
        """Let it end by itself; return what is to be said of that, empty if all is well."""
        self._to_say.put(None)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return f"did not end within {END_SECONDS:g} s after the end of its input"
        if self._process.returncode:
            return self._how_it_ended()
        self._threads[0].join(END_SECONDS)
        unasked = not self._said.empty() and self._said.get()
        return UNASKED if unasked else ""

    def close(self) -> None:
        """Kill whatever is left of it."""
        self._to_say.put(None)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._drain()

    def _drain(self) -> None:
        """Let the reader, which may wait for room in the queue, come to its end.

        A child in a session of its own may hold the output open for longer than we wait.
        """
        limit = time.monotonic() + DRAIN_SECONDS
        while self._threads[0].is_alive() and time.monotonic() < limit:
            with contextlib.suppress(Empty):
                self._said.get(timeout=0.01)

    def _how_it_ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        status = self._process.returncode
        if status is None:
            return "closed its output"
        self._threads[2].join(END_SECONDS)
        how = f"killed by signal {-status}" if status < 0 else f"ended with status {status}"
        words = " | ".join(line.decode("utf-8", "replace").rstrip() for line in self._last_words)
        return f"{how}; it said: {words}" if words else how

    def _read(self, pipe: IO[bytes]) -> None:
        """Queue its lines; an empty one is the end."""
        with pipe:
            while line := pipe.readline(MAX_LINE_BYTES + 1):
                self._said.put(line)
        self._said.put(b"")

    def _write(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(BrokenPipeError), pipe:
            while (line := self._to_say.get()) is not None:
                pipe.write(line)
                pipe.flush()

    def _keep(self, pipe: IO[bytes]) -> None:
        with pipe:
            while line := pipe.readline(1000):
                self._last_words.append(line)
