"""Other meanings of the same flags: what an implementation really does, bugs included.

A dialect judges an implementation by its own past; it never changes the tracer or the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ..reference.semantics import Judge, model_judge
from .tracee_0_12.semantics import Tracee012Judge

DIALECTS: Final[Mapping[str, Callable[[Sequence[str]], Judge]]] = {
    "tracee-0.12": Tracee012Judge,
}
"""What ``--dialect`` takes."""


def judge_of(flags: Sequence[str], dialect: str | None = None) -> Judge:
    """Return the judge of flags: the model, or a dialect; UsageError for a wrong flag."""
    return model_judge(flags) if dialect is None else DIALECTS[dialect](flags)
