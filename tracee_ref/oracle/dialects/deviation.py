# SPDX-License-Identifier: Apache-2.0
"""Deviation of a dialect from the semantics, with the questions that reveal it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...model.facts import Event
from ...model.lifecycle import LifeEvent


@dataclass(frozen=True)
class Question:
    """An event, the event that it was derived from, and earlier events of its process.

    If ``history`` is not empty, it starts with ``event.process``, and the event has the facts of
    the task with that thread id after it.
    """

    event: Event
    base: Event | None = None
    history: tuple[LifeEvent, ...] = ()


@dataclass(frozen=True)
class Deviation:
    """A way in which Tracee v0.12 differs from the semantics.

    It breaks ``rules`` of docs/reference/semantics.md; ``section`` is one of
    docs/design/tracee-v0.12-facts.md.  A case has the flags ``always``, a subset of ``flags``, and
    one of the ``questions``.
    """

    name: str
    rules: tuple[int, ...]
    section: str
    about: str
    flags: Sequence[str]
    questions: Sequence[Question]
    always: Sequence[str] = field(default=())
