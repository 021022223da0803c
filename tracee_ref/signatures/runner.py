# SPDX-License-Identifier: Apache-2.0
"""Runner of a built-in signature, in the process of the tracer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ..events.event import TraceEvent
from .base import Finding, Signature, Values
from .description import describe, error_line

ENVIRONMENT: Final = "env"
"""Argument of sched_process_exec that only signatures with ``environment`` get."""


class SignatureRunner:
    """Runner of one signature; ``warn`` logs its first error, ``errors`` counts them."""

    def __init__(self, signature: Signature, warn: Callable[[str], None]) -> None:
        self.description = describe(type(signature))
        self.errors = 0
        self._signature = signature
        self._warn = warn

    def __call__(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return the findings of an event, none if it is of another origin."""
        if not self.description.reads(event):
            return ()
        if ENVIRONMENT in args and not self.description.environment:
            args = {**args, ENVIRONMENT: None}
        try:
            return [*self._signature.on_event(event, args)]
        except Exception as error:
            self.errors += 1
            if self.errors == 1:
                self._warn(f"signature {self.description.event}: {error_line(error)}")
            return ()

    def summary(self) -> str:
        """Return a line with the number of errors; empty if there are none."""
        return errors_line(self.description.event, self.errors)


def errors_line(event: str, errors: int) -> str:
    """Return a line with the number of errors of a signature; empty if there are none."""
    noun = "error" if errors == 1 else "errors"
    return f"signature {event}: {errors} {noun}" if errors else ""
