# SPDX-License-Identifier: Apache-2.0
"""Member of an ensemble: a kernel with a queue of requests, run one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, Final

from vmtests.lab.agent_process import AgentProcess, GuestLostError

BOOT_TRIES: Final = 2
"""QEMU's emulation sometimes crashes in early boot, on any kernel."""


class Member:
    """An agent with a request queue; ``turns`` limits how many members run at once.

    No request waits for another kernel's answer: with six kernels and two processors, one processor
    would otherwise be idle for a sixth of the time.
    """

    def __init__(
        self, start: Callable[[], AgentProcess], turns: AbstractContextManager[Any]
    ) -> None:
        self._start = start
        self._turns = turns
        self._agent: AgentProcess | None = None
        self._closing = False
        self._worker = ThreadPoolExecutor(1)
        self._booted = self._worker.submit(self._boot)
        self._unfinished: list[Future[Any]] = [self._booted]

    @property
    def agent(self) -> AgentProcess:
        """Wait until the agent is up and return it; raise GuestLostError if it does not boot."""
        return self._booted.result()

    def boot_error(self) -> GuestLostError | None:
        """Wait until the kernel has booted; return its error if it did not."""
        error = self._booted.exception()
        return error if isinstance(error, GuestLostError) else None

    def submit(
        self, request: str, arguments: Mapping[str, Any] | None, seconds: float
    ) -> Future[dict[str, Any]]:
        """Queue a request; the time limit of ``seconds`` starts when it is sent.

        The result of the future raises GuestLostError or RequestError.
        """
        answer = self._worker.submit(self._run, request, arguments, seconds)
        self._unfinished = [future for future in self._unfinished if not future.done()] + [answer]
        return answer

    def interrupt(self) -> None:
        """Kill the agent if it is running a request; cancel the queued requests."""
        self._closing = True
        self._worker.shutdown(wait=False, cancel_futures=True)
        if self._agent and not all(future.done() for future in self._unfinished):
            self._agent.interrupt()

    def close(self) -> None:
        """End the agent; interrupt all members before the first is closed."""
        self.interrupt()
        self._worker.shutdown()
        if self._agent:
            self._agent.close()

    def _boot(self) -> AgentProcess:
        for _ in range(BOOT_TRIES - 1):
            try:
                return self._boot_once()
            except GuestLostError:
                if self._closing:
                    raise
        return self._boot_once()

    def _boot_once(self) -> AgentProcess:
        """Boot and return the agent, unless ``interrupt`` is called before or meanwhile."""
        with self._turns:
            self._agent = self._start()
            if self._closing:
                self._agent.interrupt()
            return self._agent.wait_until_up()

    def _run(
        self, request: str, arguments: Mapping[str, Any] | None, seconds: float
    ) -> dict[str, Any]:
        with self._turns:
            return self.agent.ask(request, arguments, seconds=seconds)
