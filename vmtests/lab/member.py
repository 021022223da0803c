"""A kernel of an ensemble: it boots, then carries out what it is asked, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, Final

from vmtests.lab.agent_process import AgentProcess, GuestLostError

BOOT_TRIES: Final = 2
"""QEMU's emulation is seen to die in early boot now and then, whatever the kernel."""


class Member:
    """An agent with a queue before it; ``turns`` lets as many work as there are processors.

    Nothing that it is asked waits for another kernel's answer: with six kernels and two
    processors one would be idle for a sixth of the time otherwise.
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
        """The agent when it is up; GuestLostError if the kernel does not boot."""
        return self._booted.result()

    def boot_error(self) -> GuestLostError | None:
        """Wait until the kernel has booted; return why it has not."""
        error = self._booted.exception()
        return error if isinstance(error, GuestLostError) else None

    def submit(
        self, request: str, arguments: Mapping[str, Any] | None, seconds: float
    ) -> Future[dict[str, Any]]:
        """Ask something; the time limit counts from when its turn has come.

        What comes of it raises GuestLostError and RequestError.
        """
        answer = self._worker.submit(self._carry_out, request, arguments, seconds)
        self._unfinished = [one for one in self._unfinished if not one.done()] + [answer]
        return answer

    def interrupt(self) -> None:
        """End the agent at once if it is at work, and forget what it has not begun."""
        self._closing = True
        self._worker.shutdown(wait=False, cancel_futures=True)
        if self._agent and not all(one.done() for one in self._unfinished):
            self._agent.interrupt()

    def close(self) -> None:
        """End the agent; of several members, all are to be interrupted before."""
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
        """Boot; ``interrupt`` sees the agent, or is seen."""
        with self._turns:
            self._agent = self._start()
            if self._closing:
                self._agent.interrupt()
            return self._agent.wait_until_up()

    def _carry_out(
        self, request: str, arguments: Mapping[str, Any] | None, seconds: float
    ) -> dict[str, Any]:
        with self._turns:
            return self.agent.ask(request, arguments, seconds=seconds)
