# SPDX-License-Identifier: Apache-2.0
"""A signature at work: what it raises is told and counted, and ends there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ..events.event import Metadata, TraceEvent
from .base import Finding, Origin, Signature, Values

U64_MAX, S64_MIN = (1 << 64) - 1, -(1 << 63)
ENVIRONMENT: Final = "env"
"""The argument of sched_process_exec that only those are given who ask for it."""

SCALARS: Final = (str, bytes, bool, float, type(None))

ERRORS: Final = (Exception, SystemExit)
"""Everything but the user's wish to end the tracer."""


class Guard:
    """Asks one signature; ``say`` is told of its first error, ``errors`` counts them."""

    def __init__(self, signature: Signature, say: Callable[[str], None]) -> None:
        self.signature = signature
        self._say = say
        self.metadata = metadata_of(signature)
        self.errors = 0

    def __call__(self, event: TraceEvent, args: Values) -> Iterable[Finding]:
        """Return the findings of an event, none of one from elsewhere than it is about."""
        if not is_from(self.signature.origin, event):
            return ()
        if ENVIRONMENT in args and not self.signature.environment:
            args = {**args, ENVIRONMENT: None}
        try:
            return [checked(finding) for finding in self.signature.on_event(event, args)]
        except ERRORS as error:
            self.errors += 1
            if self.errors == 1:
                self._say(f"signature {self.signature.event}: {described(error)}")
            return ()

    def summary(self) -> str:
        """Return a line about its errors; empty if it had none."""
        many = "error" if self.errors == 1 else "errors"
        name = self.signature.event
        return f"signature {name}: {self.errors} {many}" if self.errors else ""


def is_from(origin: Origin, event: TraceEvent) -> bool:
    """Whether an event comes from a container, or from none, as asked."""
    return origin is Origin.ANY or (origin is Origin.CONTAINER) == bool(event.container_id)


def checked(finding: Finding) -> Finding:
    """Return a finding that every output can show; raises TypeError for any other."""
    if not isinstance(finding, Mapping) or not all(isinstance(name, str) for name in finding):
        raise TypeError(f"a finding must map names to values, and is {finding!r:.100}")
    for name, value in finding.items():
        if not is_plain(value):
            raise TypeError(f"{name} of a finding cannot be shown: {value!r:.100}")
    return finding


def is_plain(value: Any) -> bool:
    """Whether a value is one that JSON has, and that fits 64 bits if it is a number."""
    if isinstance(value, SCALARS):
        return True
    if isinstance(value, int):
        return S64_MIN <= value <= U64_MAX
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and is_plain(one) for key, one in value.items())
    return isinstance(value, list | tuple) and all(map(is_plain, value))


def described(error: BaseException) -> str:
    """Return an error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def metadata_of(signature: Signature) -> Metadata:
    """Return what goes with every finding."""
    return Metadata(
        version=signature.version,
        description=signature.description,
        tags=list(signature.tags),
        properties=dict(signature.properties),
    )
