# SPDX-License-Identifier: Apache-2.0
"""Runner of a signature, which reports and counts its exceptions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ..events.event import Metadata, TraceEvent
from .base import Finding, Origin, Signature, Values

U64_MAX, S64_MIN = (1 << 64) - 1, -(1 << 63)
ENVIRONMENT: Final = "env"
"""Argument of sched_process_exec that only signatures with ``environment`` get."""

SCALARS: Final = (str, bytes, bool, float, type(None))

ERRORS: Final = (Exception, SystemExit)
"""All but KeyboardInterrupt, with which the user ends the tracer."""


class SignatureRunner:
    """Runner of one signature; ``warn`` logs its first error, ``errors`` counts them."""

    def __init__(self, signature: Signature, warn: Callable[[str], None]) -> None:
        self.signature = signature
        self._warn = warn
        self.metadata = metadata_of(signature)
        self.errors = 0

    def __call__(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return the findings of an event, none if it is of another origin."""
        if not is_from(self.signature.origin, event):
            return ()
        if ENVIRONMENT in args and not self.signature.environment:
            args = {**args, ENVIRONMENT: None}
        try:
            return [checked(finding) for finding in self.signature.on_event(event, args)]
        except ERRORS as error:
            self.errors += 1
            if self.errors == 1:
                self._warn(f"signature {self.signature.event}: {error_line(error)}")
            return ()

    def summary(self) -> str:
        """Return a line with the number of errors; empty if there are none."""
        noun = "error" if self.errors == 1 else "errors"
        name = self.signature.event
        return f"signature {name}: {self.errors} {noun}" if self.errors else ""


def is_from(origin: Origin, event: TraceEvent) -> bool:
    """Return whether an event is of an origin."""
    return origin is Origin.ANY or (origin is Origin.CONTAINER) == bool(event.container_id)


def checked(finding: Finding) -> Finding:
    """Return a finding that all outputs can print; raises TypeError for any other."""
    if not isinstance(finding, Mapping) or not all(isinstance(name, str) for name in finding):
        raise TypeError(f"a finding must map names to values, not {finding!r:.100}")
    for name, value in finding.items():
        if not is_plain(value):
            raise TypeError(f"{name} of a finding cannot be printed: {value!r:.100}")
    return finding


def is_plain(value: Any) -> bool:
    """Return whether a value can be JSON, with integers of at most 64 bits."""
    if isinstance(value, SCALARS):
        return True
    if isinstance(value, int):
        return S64_MIN <= value <= U64_MAX
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    return isinstance(value, list | tuple) and all(map(is_plain, value))


def error_line(error: BaseException) -> str:
    """Return an exception as one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def metadata_of(signature: Signature) -> Metadata:
    """Return the metadata of the findings of a signature."""
    return Metadata(
        version=signature.version,
        description=signature.description,
        tags=list(signature.tags),
        properties=dict(signature.properties),
    )
