"""Several kernels, booted and asked at the same time as far as there are processors."""

from __future__ import annotations

import os
import select
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tracee_ref.errors import UsageError
from vmtests import kernels, kvm
from vmtests.agent_process import AgentProcess, GuestLostError
from vmtests.compile_server import compile_server
from vmtests.guest import Guest, HostGuest

AT_WORK = os.cpu_count() or 1
"""How many boot or carry out a request at the same time.  Five emulated guests on two processors
take twice the processor time that two do, from each other's caches; one that waits takes none."""

NOT_ASKED = RuntimeError("was not asked")

BOOT_TRIES = 2
"""QEMU's emulation is seen to die in early boot now and then, whatever the kernel."""


def parse_names(text: str) -> list[str]:
    """``host,6.1,7.x`` as a list of names; UsageError if one is not a kernel series."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError("no kernel given: name host or a series as in host,6.1")
    return list(dict.fromkeys(n if n == "host" else kernels.series_of(n) for n in names))


class Ensemble:
    """A context manager over running kernels, by name; what cannot boot is in ``lost``."""

    def __init__(self, names: Sequence[str]) -> None:
        self.members: dict[str, AgentProcess] = {}
        self.lost: dict[str, GuestLostError] = {}
        self.asked: Counter[str] = Counter()
        """How many questions of a kind all kernels were asked; for the report."""
        self._names = names
        self._programs: Path | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with self._stack:  # if a boot raises, end those that were started
            if self._names != ["host"]:
                self._programs = self._stack.enter_context(compile_server())
            self._boot(self._names)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _boot(self, names: Sequence[str]) -> None:
        """Start all, and take each as it comes up; one that was lost gets another try."""
        waiting, tries = list(names), Counter[str]()
        pending: dict[str, AgentProcess] = {}
        while waiting or pending:
            while waiting and len(pending) < AT_WORK:
                name = waiting.pop(0)
                tries[name] += 1
                pending[name] = self._start(name)
            for name in _up_or_late(pending):
                try:
                    self.members[name] = pending.pop(name).wait_until_up()
                    self.lost.pop(name, None)
                except GuestLostError as error:
                    self.lost[name] = error
                    waiting += [name] * (tries[name] < BOOT_TRIES)

    def _start(self, name: str) -> AgentProcess:
        """Start a kernel without waiting for it."""
        if name == "host":
            return self._stack.enter_context(HostGuest())
        kernel = kernels.get(name)
        guest = Guest(kernel, kvm=kvm.usable(kernel), programs=self._programs)
        return self._stack.enter_context(guest)

    def ask(
        self, request: str, arguments: Mapping[str, Any] | None = None, *, seconds: float = 120
    ) -> dict[str, dict[str, Any]]:
        """One question to every kernel, carried out by all at the same time; result by name.

        GuestLostError and RequestError come from the first kernel concerned, after all the
        others have been heard.
        """
        answers = self.ask_each(request, arguments, seconds=seconds)
        for answer in answers.values():
            if isinstance(answer, Exception):
                raise answer
        return {name: result for name, result in answers.items() if isinstance(result, dict)}

    def ask_each(
        self,
        request: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        seconds: float = 120,
        names: Collection[str] | None = None,
    ) -> dict[str, dict[str, Any] | Exception]:
        """The same, with a kernel's error in the place of its result; ``names`` asks fewer."""
        waiting = [n for n in self.members if names is None or n in names]
        answers: dict[str, dict[str, Any] | Exception] = dict.fromkeys(waiting, NOT_ASKED)
        deadlines: dict[str, float] = {}
        while waiting or deadlines:
            while waiting and len(deadlines) < AT_WORK:
                name = waiting.pop(0)
                try:
                    self.members[name].send(request, arguments, seconds=seconds)
                    deadlines[name] = time.monotonic() + seconds
                except Exception as error:
                    answers[name] = error
            for name in self._answered_or_late(deadlines):
                left = max(0.0, deadlines.pop(name) - time.monotonic())
                try:
                    answers[name] = self.members[name].receive(left)
                except Exception as error:
                    answers[name] = error
        return answers

    def _answered_or_late(self, deadlines: Mapping[str, float]) -> list[str]:
        """Names of those of whom something can be read, or whose time is over."""
        if not deadlines:
            return []
        agents = {name: self.members[name] for name in deadlines}
        wait = max(0.0, min(deadlines.values()) - time.monotonic())
        ready = select.select(list(agents.values()), [], [], wait)[0]
        now = time.monotonic()
        return [n for n, agent in agents.items() if agent in ready or now >= deadlines[n]]


def _up_or_late(pending: Mapping[str, AgentProcess]) -> list[str]:
    """Names of those that have said something, have ended or have had their time."""
    first_deadline = min(agent.boot_deadline for agent in pending.values())
    wait = max(0.0, first_deadline - time.monotonic())
    ready = select.select(list(pending.values()), [], [], wait)[0]
    now = time.monotonic()
    return [n for n, agent in pending.items() if agent in ready or now >= agent.boot_deadline]
