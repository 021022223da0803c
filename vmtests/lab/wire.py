# SPDX-License-Identifier: Apache-2.0
"""Encoding of scopes and processes in requests to an agent."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Sequence
from typing import Any

from tracee_ref.model.facts import Process
from tracee_ref.model.scope import Scope


def pack_scopes(scopes: Sequence[Scope]) -> str:
    """Encode scopes for ``unpack_scopes``."""
    return pack([(s.number, s.events, s.conditions, s.follow) for s in scopes])


def unpack_scopes(text: str) -> tuple[Scope, ...]:
    """Decode the result of ``pack_scopes``."""
    return tuple(Scope(*parts) for parts in unpack(text))


def pack_questions(questions: Sequence[tuple[int, Process]]) -> str:
    """Encode (event number, process) pairs for ``unpack_questions``."""
    return pack(questions)


def unpack_questions(text: str) -> list[tuple[int, Process]]:
    """Decode the result of ``pack_questions``."""
    questions: list[tuple[int, Process]] = unpack(text)
    return questions


def pack(value: object) -> str:
    """Encode a value of module-level classes as base64; the agent runs the same code."""
    return base64.b64encode(pickle.dumps(value)).decode()


def unpack(text: str) -> Any:
    """Decode the result of ``pack``."""
    return pickle.loads(base64.b64decode(text))
