# SPDX-License-Identifier: Apache-2.0
"""Dialects: semantics of flags as an implementation has them, bugs included.

A dialect is for checking that implementation only; the tracer and the model do not use it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ..reference.semantics import Semantics, model_semantics
from .tracee_0_12.semantics import Tracee012Semantics

DIALECTS: Final[Mapping[str, Callable[[Sequence[str]], Semantics]]] = {
    "tracee-0.12": Tracee012Semantics,
}
"""Values of ``--dialect``."""


def semantics_of(flags: Sequence[str], dialect: str | None = None) -> Semantics:
    """Return the semantics of the model or a dialect; raise UsageError for an invalid flag."""
    return model_semantics(flags) if dialect is None else DIALECTS[dialect](flags)
