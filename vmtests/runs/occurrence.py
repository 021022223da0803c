# SPDX-License-Identifier: Apache-2.0
"""Event of a live run, as the model expects it or as the tracer printed it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tracee_ref.strings import text_of


@dataclass(frozen=True)
class Occurrence:
    """An expected event, to be printed if its mask is not 0; or a printed event.

    The expected event of an orphan has several ``ppids``; ``args`` are the arguments to compare,
    ``at_return`` those that changed during the call (rule 19).
    """

    name: str
    mask: int
    pid: int
    tid: int
    ppids: frozenset[int]
    uid: int
    comm: str
    result: int
    uts: str
    mntns: int
    pidns: int
    inner_pid: int
    inner_tid: int
    args: dict[str, Any]
    at_return: dict[str, Any] = field(default_factory=dict)


def json_text(text: bytes) -> str:
    """Return a string as JSON output has it."""
    return text_of(text)
