# SPDX-License-Identifier: Apache-2.0
"""One kernel of an ensemble, as tests use it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import Any, TypeAlias

from vmtests.lab.agent_process import ANSWER_SECONDS
from vmtests.lab.ensemble import Ensemble

Answers: TypeAlias = dict[str, dict[str, Future[dict[str, Any]]]]
"""By request and kernel: answers that no test has used yet."""


class Kernel:
    """One kernel of an ensemble.

    A test makes the same requests on every kernel that it runs on (``concerned``), so the first
    request is sent to all of them, and the test on each kernel takes its own answer.  Emulated
    kernels work at their answers while the tests of this machine run.
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

    @property
    def release(self) -> str:
        """The kernel's release (``uname -r``)."""
        return self._ensemble.members[self.name].agent.release

    def ask(
        self,
        request: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
        cached: bool = False,
    ) -> dict[str, Any]:
        """Return this kernel's result; raise GuestLostError or RequestError.

        With ``cached``, the answer is kept for other tests with the same request.
        """
        key = json.dumps([request, arguments], sort_keys=True)
        if self.name not in self._answers.setdefault(key, {}):
            self._answers[key] |= self._ensemble.submit(
                request, arguments, seconds=seconds, names=self._concerned
            )
        answers = self._answers[key]
        return (answers[self.name] if cached else answers.pop(self.name)).result()

    def ask_alone(
        self,
        request: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
    ) -> dict[str, Any]:
        """Send a request to this kernel only and return the result."""
        return self._ensemble.members[self.name].submit(request, arguments, seconds).result()
