# SPDX-License-Identifier: Apache-2.0
"""Writer of one output, in a thread of its own.

An output whose reader does not read, or whose disk is full, blocks neither the other outputs nor
the reader of the ring buffer: its lines wait in a queue.  Those beyond that are lost, and counted.
Each of several scopes has a share of the queue (shares.py).
"""

from __future__ import annotations

import errno
import os
import select
import signal
import stat
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Final, TypeAlias

from ..messages import log
from ..shares import Shares, shared
from ..signals import start_thread

BUFFER_BYTES: Final = 64 * 1024
"""Threshold of a write: the capacity of a pipe."""

BATCH_BYTES: Final = 1 << 20
"""Size of a write while others wait."""

YIELD_SECONDS: Final = 50e-6
"""Pause of the caller while more than that waits, once for each write: without it the thread gets
the interpreter every 5 ms only, and falls behind."""

QUEUE_BYTES: Final = 64 << 20
"""Lines that wait for an output: twice the default of ``--buffer``."""

QUEUE_BYTES_MIN: Final = 16 << 20
"""The least of it: as much as a disk that writes 100 MB a second takes in a pause of 160 ms."""

RETRY_SECONDS: Final = 0.5
"""Pause before the next write to a full disk."""

TICK_SECONDS: Final = 0.05
PATIENCE_SECONDS: Final = 5.0
"""Time at the end of a run in which an output must take something."""

FULL: Final = {
    errno.ENOSPC: "no space left",
    errno.EDQUOT: "the disk quota is exhausted",
}
"""Errors after which an output goes on once there is room."""

REASONS: Final = {
    errno.EPIPE: "its reader closed it",
    errno.EFBIG: "the file has reached the limit of its size (ulimit -f)",
}

WAKE: Final = signal.SIGURG
"""Signal that makes a blocked write return; by default it does nothing."""

Chunk: TypeAlias = tuple[bytearray, int]
"""Whole lines, and their number."""


class Sink:
    """An open output.

    ``lines`` were passed to it, headers not counted.  ``gone`` is set after an error that lasts:
    it discards what it gets.  A ``shared`` descriptor is used by others as well, so it is neither
    closed nor truncated.  ``scopes`` is the mask of the scopes whose lines it gets.
    """

    def __init__(
        self,
        descriptor: int,
        name: str,
        *,
        shared: bool = False,
        queue_bytes: int = QUEUE_BYTES,
        scopes: int = 0,
    ) -> None:
        self.name = name
        self.gone = False
        self.lines = 0
        self.descriptor = descriptor
        self._shared, self._queue_bytes = shared, queue_bytes
        self._shares = Shares(scopes, queue_bytes) if scopes.bit_count() > 1 else None
        if not shared:
            os.set_blocking(descriptor, True)  # fewer, larger writes
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._pending, self._pending_lines = bytearray(), 0
        self._queue: SimpleQueue[Chunk | None] = SimpleQueue()
        self._queued = self._done = self._written = 0
        self._yielded_at = -1
        self._seen = self._idle_ticks = 0
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._reported: set[str] = set()

    @property
    def lost(self) -> int:
        """Number of lines that are missing from the output; exact once it has ended."""
        return self.lines - self._written

    def is_filling(self) -> bool:
        """Return whether so much waits that each line should be written by itself."""
        return not self.gone and self._waiting() > shared(self._queue_bytes)

    def write(self, data: bytes, lines: int = 1, mask: int = 0) -> None:
        """Buffer whole lines, of the scopes in ``mask``; lose them if too many wait already."""
        if self.is_filling() and not self._admit(mask, len(data)):
            self.lines += lines
            return
        self._pending += data
        self._pending_lines += lines
        if len(self._pending) >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Pass the buffered lines to the thread."""
        if not self._pending:
            return
        chunk, count = self._pending, self._pending_lines
        self._pending, self._pending_lines = bytearray(), 0
        self.lines += count
        if self.gone:
            return
        self._queued += len(chunk)
        self._thread = self._thread or self._start()
        self._queue.put((chunk, count))
        if self._queued - self._done > BATCH_BYTES and self._done != self._yielded_at:
            self._yielded_at = self._done
            time.sleep(YIELD_SECONDS)

    def _waiting(self) -> int:
        return self._queued - self._done + len(self._pending)

    def _admit(self, mask: int, size: int) -> bool:
        """Return whether ``size`` bytes more may wait."""
        if self._shares:
            admitted = self._shares.admit(mask, size, self._waiting(), self._done)
            which = "those of scopes beyond their share"
        else:
            admitted, which = self._waiting() <= self._queue_bytes, "others"
        if not admitted:
            mib = self._queue_bytes >> 20
            self._report(f"its reader is too slow for {mib} MiB of lines to wait: {which} are lost")
        return admitted

    def end(self) -> None:
        """Pass on the last lines."""
        self.flush()
        self._ending.set()
        self._queue.put(None)

    def ended(self, seconds: float = 0) -> bool:
        """Wait for the thread; return whether every line is written or lost."""
        if self._thread:
            self._thread.join(seconds)
        return not (self._thread and self._thread.is_alive())

    def check(self, patience_seconds: float, *, hurry: bool) -> None:
        """Give up the output if it took nothing for some time, or at once; call once a tick."""
        before = self._seen
        self._wake()
        self._seen = self._done
        self._idle_ticks = 0 if self._seen != before else self._idle_ticks + 1
        if hurry or self._idle_ticks * TICK_SECONDS >= patience_seconds:
            self.gone = True
            self._report("its reader does not read; its last lines are lost")
            self._wake()

    def close(self) -> None:
        """Close the descriptor, unless it is shared or still in use by a blocked write."""
        if self.ended(TICK_SECONDS) and not self._shared:
            os.close(self.descriptor)

    def summary(self) -> list[str]:
        """Return the line of the account on lost lines, if any are."""
        return [f"output {self.name}: {self.lost} of {self.lines} lines lost"] if self.lost else []

    def _wake(self) -> None:
        """Make a blocked write return what it has written."""
        if self._thread and self._thread.ident and not self.ended():
            signal.pthread_kill(self._thread.ident, WAKE)

    def _start(self) -> threading.Thread:
        """Start the thread; signals are for other threads."""
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - {WAKE})
        try:
            return start_thread(self._run, "output")
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _run(self) -> None:
        """Write chunks, several at once if they wait, until the last one."""
        while chunk := self._queue.get():
            data, count = chunk
            while len(data) < BATCH_BYTES and not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    self._queue.put(None)
                    break
                data += more[0]
                count += more[1]
            try:
                self._write(data, count)
            except MemoryError:
                self.gone = True
                self._report("no memory is left; it gets no more lines")

    def _write(self, data: bytearray, count: int) -> None:
        """Write ``count`` lines, or those that the output takes."""
        start, before = 0, self._written
        while start < len(data) and not self.gone:
            try:
                written = os.write(self.descriptor, memoryview(data)[start:])
            except BlockingIOError:
                # Another program that shares the terminal or pipe made it non-blocking.
                self._poll.poll(TICK_SECONDS * 1000)
                continue
            except OSError as error:
                written = -self._cut(start - 1 - data.rfind(b"\n", 0, start))
                self.gone = not self._waits(error)
            start += written
            self._done += written
            missing = data.count(b"\n", start)  # more than ``count`` if a header is among them
            self._written = before + max(0, count - missing)
        self._done += len(data) - start

    def _cut(self, size: int) -> int:
        """Remove the written part of a line, ``size`` bytes, from a file; return their number.

        What others appended to the file since is not touched.
        """
        if self._shared or not size:
            return 0
        try:
            end, state = os.lseek(self.descriptor, 0, os.SEEK_CUR), os.fstat(self.descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_size != end:
                return 0
            os.ftruncate(self.descriptor, end - size)
            os.lseek(self.descriptor, end - size, os.SEEK_SET)
        except OSError:
            return 0
        return size

    def _waits(self, error: OSError) -> bool:
        """Report an error; pause and return true if the output may be tried again after it."""
        if full := FULL.get(error.errno or 0):
            self._report(f"{full}; it goes on when there is room, lines that cannot wait are lost")
            last_attempt = self._ending.is_set()
            self._ending.wait(RETRY_SECONDS)
            return not last_attempt
        self._report(f"{REASONS.get(error.errno or 0, error.strerror)}; it gets no more lines")
        return False

    def _report(self, text: str) -> None:
        """Print a line, once for each text."""
        if text not in self._reported:
            self._reported.add(text)
            log(f"output {self.name}: {text}")


def end_outputs(
    sinks: Sequence[Sink], hurry: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until each output has its lines, or has taken nothing for some time; close all.

    ``hurry`` returns whether to wait no longer.
    """
    signal.signal(WAKE, lambda *_: None)  # a handler, since an ignored signal interrupts nothing
    for sink in sinks:
        sink.end()
    while waiting := [sink for sink in sinks if not (sink.gone or sink.ended(TICK_SECONDS))]:
        for sink in waiting:
            sink.check(patience_seconds, hurry=hurry())
    for sink in sinks:
        sink.close()
