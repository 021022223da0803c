"""Scopes and facts on their way to an agent, which runs the same code as we do."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Sequence
from typing import Any

from model.facts import Process
from model.scope import Scope


def pack_scopes(scopes: Sequence[Scope]) -> str:
    """Return scopes as text."""
    return pack([(s.number, s.events, s.conditions, s.follow) for s in scopes])


def unpack_scopes(text: str) -> tuple[Scope, ...]:
    """Return the scopes that ``pack_scopes`` was given."""
    return tuple(Scope(*parts) for parts in unpack(text))


def pack_questions(questions: Sequence[tuple[int, Process]]) -> str:
    """Return (event number, process) pairs as text."""
    return pack(questions)


def unpack_questions(text: str) -> list[tuple[int, Process]]:
    """Return what ``pack_questions`` was given."""
    questions: list[tuple[int, Process]] = unpack(text)
    return questions


def pack(value: object) -> str:
    """Return a value of plain classes as text."""
    return base64.b64encode(pickle.dumps(value)).decode()


def unpack(text: str) -> Any:
    """Return the value that ``pack`` was given."""
    return pickle.loads(base64.b64decode(text))
