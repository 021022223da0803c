# SPDX-License-Identifier: Apache-2.0
"""A deviation of a dialect from the semantics, and the questions that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from model.facts import Event
from model.lifecycle import LifeEvent


@dataclass(frozen=True)
class Question:
    """An event, what it was derived from, and what its process did before.

    With ``life`` the event's process is that of the task with its thread id, after ``life``
    began with ``event.process``.
    """

    event: Event
    base: Event | None = None
    life: tuple[LifeEvent, ...] = ()


@dataclass(frozen=True)
class Deviation:
    """A way in which v0.12.0 differs from the semantics.

    ``rules`` are those of the semantics page that it breaks, ``section`` that of the facts;
    a case is made of ``always`` and some of ``flags``, and one of the ``questions``.
    """

    name: str
    rules: tuple[int, ...]
    section: str
    about: str
    flags: Sequence[str]
    questions: Sequence[Question]
    always: Sequence[str] = field(default=())
