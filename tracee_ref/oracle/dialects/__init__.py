# SPDX-License-Identifier: Apache-2.0
"""Other meanings of the same flags: what an implementation really does, bugs included.

A dialect judges an implementation by its own past; it never changes the tracer or the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ..reference.semantics import Semantics, model_semantics
from .tracee_0_12.semantics import Tracee012Semantics

DIALECTS: Final[Mapping[str, Callable[[Sequence[str]], Semantics]]] = {
    "tracee-0.12": Tracee012Semantics,
}
"""What ``--dialect`` takes."""


def semantics_of(flags: Sequence[str], dialect: str | None = None) -> Semantics:
    """Return the semantics of flags: the model, or a dialect; UsageError for a wrong flag."""
    return model_semantics(flags) if dialect is None else DIALECTS[dialect](flags)
