# SPDX-License-Identifier: Apache-2.0
"""Signals that end a run, taken by a thread.

They are blocked in every thread, so none interrupts Python code at an arbitrary point, and the
thread can end a start-up at once, whatever the main thread does.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from .errors import HostCode, HostError
from .messages import log

ENDING: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)

KILLED: Final = 128
"""Added to a signal's number for the exit status of a process that it ended, as a shell does."""

FOUND: Final = "TRACEE_REF_INHERITED"
"""Environment variable of bin/tracee-ref: the masks of blocked and ignored signals, and LC_CTYPE
with its value if that is set.  Python changes it where it is C."""

IGNORED_BY_PYTHON: Final = (signal.SIGPIPE, signal.SIGXFSZ)

SAME_SECONDS: Final = 0.05
"""A signal is not a second one so soon after the first: timeout(1) sends two."""

LAST_SECONDS: Final = 3.0
"""Time for the account after a second signal."""

_undo: list[Callable[[], object]] = []


@contextmanager
def undone(action: Callable[[], object]) -> Iterator[None]:
    """Call a function if a signal ends the tracer during the block; not after the block."""
    _undo.append(action)
    try:
        yield
    finally:
        _undo.remove(action)


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a parent set for signals; the COMMAND gets it as it was."""

    blocked: frozenset[int] = frozenset()
    ignored: frozenset[int] = frozenset()

    def restore(self) -> None:
        """Set it in this process, a child that will execute the COMMAND."""
        for number in (*ENDING, *IGNORED_BY_PYTHON, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN if number in self.ignored else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, self.blocked)


class EndSignals:
    """SIGHUP, SIGINT, SIGQUIT and SIGTERM, except those that the parent ignored or blocked.

    Before ``begin`` one of them ends the process.  After it, each is counted in ``received`` and
    passed on; the same signal again, SIGHUP excepted, asks to ``hurry``.
    """

    def __init__(self, inherited: Inherited) -> None:
        self.inherited = inherited
        self.received = 0
        self._last: dict[int, float] = {}
        self._second = 0
        self._pass_on: Callable[[int, bool], None] | None = None
        self._taken = {*ENDING} - inherited.ignored - inherited.blocked
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it hides the status of children
        signal.pthread_sigmask(signal.SIG_SETMASK, self._taken | inherited.blocked)
        if self._taken:
            start_thread(self._run, "signals")

    def begin(self, pass_on: Callable[[int, bool], None]) -> None:
        """Let signals end the run in order from now on.

        ``pass_on`` gets each, and whether the kernel sent it, as for a key of the terminal.
        """
        self._pass_on = pass_on

    def hurry(self) -> bool:
        """Return whether a second signal asks for the end at once."""
        return bool(self._second)

    @property
    def status(self) -> int:
        """The exit status after a second signal."""
        return KILLED + self._second

    def _run(self) -> None:
        while True:
            info = signal.sigwaitinfo(self._taken)
            if self._pass_on is None:
                leave(info.si_signo)
            self._record(info.si_signo, by_kernel=info.si_code > 0)

    def _record(self, number: int, *, by_kernel: bool) -> None:
        now, last = time.monotonic(), self._last.get(number)
        if last is not None and now - last < SAME_SECONDS:
            return
        self._last[number] = now
        self.received += 1
        if self._pass_on:
            self._pass_on(number, by_kernel)
        if last is not None and number != signal.SIGHUP:
            self._second = number
            time.sleep(LAST_SECONDS)
            os._exit(self.status)


def inherited_signals(blocked: Iterable[int] | None = None) -> Inherited:
    """Return what the parent set; ``blocked`` is the mask that this process was started with."""
    if blocked is None:
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    numbers = {*ENDING, signal.SIGCHLD}
    ignored = frozenset(n for n in numbers if signal.getsignal(n) is signal.SIG_IGN)
    return Inherited(frozenset(blocked), ignored)


def launched() -> Inherited | None:
    """Return what bin/tracee-ref found, if that started this process, and undo what Python set."""
    masks, is_set, locale = os.environ.pop(FOUND, "").partition("LC_CTYPE=")
    try:
        blocked, ignored = (numbers_of(int(mask, 16)) for mask in masks.split())
    except ValueError:
        return None
    os.environ.pop("LC_CTYPE", None)
    if is_set:
        os.environ["LC_CTYPE"] = locale
    ignored &= {*IGNORED_BY_PYTHON}  # the shell itself ignores others
    return Inherited(blocked, ignored | inherited_signals().ignored)


def numbers_of(mask: int) -> frozenset[int]:
    """Return the signals of a mask, as in /proc/PID/status."""
    return frozenset(n for n in signal.valid_signals() if mask >> (n - 1) & 1)


def leave(number: int) -> None:
    """End the process before tracing began, as far as a signal does."""
    log(f"{signal.Signals(number).name} before tracing began")
    for action in reversed(_undo):
        with suppress(OSError):
            action()
    os._exit(KILLED + number)


def start_thread(function: Callable[[], None], name: str) -> threading.Thread:
    """Start a daemon thread; raises HostError where no thread can be started."""
    thread = threading.Thread(target=function, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        raise HostError(
            HostCode.PROCESS,
            "no thread can be started; raise the limits of processes (pids.max of the cgroup,"
            " ulimit -u) and of memory (ulimit -v)",
        ) from None
    return thread
