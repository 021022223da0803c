# SPDX-License-Identifier: Apache-2.0
"""Set of kernels that boot and run requests concurrently."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack, nullcontext
from functools import partial
from threading import BoundedSemaphore
from types import TracebackType
from typing import Any, Self

from tracee_ref.errors import UsageCode, UsageError
from vmtests.lab import kernels, kvm
from vmtests.lab.agent_process import ANSWER_SECONDS, GuestLostError
from vmtests.lab.compile_server import compile_server
from vmtests.lab.guest import Guest, HostGuest
from vmtests.lab.member import Member

MAX_RUNNING_GUESTS = os.cpu_count() or 1
"""How many guests boot or run a request at the same time.  Five emulated guests on two processors
take twice the processor time that two do, because they evict each other's caches; an idle guest
takes none."""


def parse_names(text: str) -> list[str]:
    """Parse names such as ``host,6.1,7.x``; raise UsageError if one is not a kernel series."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError(
            UsageCode.COMMAND_LINE, "no kernel given: name host or a series as in host,6.1"
        )
    return list(dict.fromkeys(n if n == "host" else kernels.series_of(n) for n in names))


class Ensemble:
    """Context manager over kernels by name; requests are queued while kernels boot."""

    def __init__(self, names: Sequence[str]) -> None:
        self.members: dict[str, Member] = {}
        self.counts: Counter[str] = Counter()
        """Decisions and plans that were sent to every kernel, for the report."""
        self._names = names
        self._turns = BoundedSemaphore(MAX_RUNNING_GUESTS)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with self._stack:  # if one cannot be started, end the others
            guests = [kernels.get(name) for name in self._names if name != "host"]
            programs = self._stack.enter_context(compile_server()) if guests else None
            self._stack.callback(self._close)
            if "host" in self._names:
                self.members["host"] = Member(HostGuest, nullcontext())
            for kernel in guests:
                start = partial(Guest, kernel, kvm=kvm.usable(kernel), programs=programs)
                self.members[kernel.series] = Member(start, self._turns)
            self._stack = self._stack.pop_all()
        return self

    def _close(self) -> None:
        for member in self.members.values():
            member.interrupt()  # all before the first close: one may wait for the turn of another
        for member in self.members.values():
            member.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def lost(self) -> dict[str, GuestLostError]:
        """Wait until all kernels have booted; return the errors of those that did not."""
        errors = {name: member.boot_error() for name, member in self.members.items()}
        return {name: error for name, error in errors.items() if error}

    def submit(
        self,
        request: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
        names: Collection[str] | None = None,
    ) -> dict[str, Future[dict[str, Any]]]:
        """Queue a request for every kernel, or those of ``names``; return a future for each."""
        return {
            name: member.submit(request, arguments, seconds)
            for name, member in self.members.items()
            if names is None or name in names
        }

    def ask(
        self,
        request: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
    ) -> dict[str, dict[str, Any]]:
        """Send a request to every kernel and return the results by name.

        Raise the first GuestLostError or RequestError after all kernels have answered.
        """
        answers = self.submit(request, arguments, seconds=seconds)
        wait(answers.values())
        return {name: answer.result() for name, answer in answers.items()}
