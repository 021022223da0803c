"""A kernel as a test sees it: asked together with the others, answered by itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import Any, TypeAlias

from vmtests.lab.agent_process import ANSWER_SECONDS
from vmtests.lab.ensemble import Ensemble

Answers: TypeAlias = dict[str, dict[str, Future[dict[str, Any]]]]
"""By request and kernel: those that a test has not taken yet."""


class Kernel:
    """One kernel of an ensemble.

    What a test asks of one, the same test will ask of the others that it is for (``concerned``):
    so all are asked at once, and each takes its own answer when its turn comes.  None waits for
    the others meanwhile: emulated ones still have much to do when this machine's turn is over.
    """

    def __init__(
        self,
        name: str,
        ensemble: Ensemble,
        answers: Answers,
        concerned: Collection[str],
    ) -> None:
        self.name = name
        self._ensemble = ensemble
        self._answers = answers
        self._concerned = concerned

    def ask(
        self,
        request: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
        kept: bool = False,
    ) -> dict[str, Any]:
        """Return this kernel's answer; raise what became of the request otherwise.

        An answer that is ``kept`` serves all tests that ask the same.
        """
        key = json.dumps([request, arguments], sort_keys=True)
        if self.name not in self._answers.setdefault(key, {}):
            self._answers[key] |= self._ensemble.submit(
                request, arguments, seconds=seconds, names=self._concerned
            )
        answers = self._answers[key]
        return (answers[self.name] if kept else answers.pop(self.name)).result()

    def ask_alone(
        self,
        request: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
    ) -> dict[str, Any]:
        """Ask this kernel only."""
        return self._ensemble.members[self.name].submit(request, arguments, seconds).result()
