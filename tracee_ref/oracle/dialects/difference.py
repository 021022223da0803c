# SPDX-License-Identifier: Apache-2.0
"""Search for the smallest case in which a dialect and the model differ."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from ...errors import UsageError
from ...model import lifecycle
from ...model.facts import Event, Process
from ...model.lifecycle import Start
from ..reference.semantics import ModelSemantics, model_semantics
from .deviation import Deviation, Question
from .tracee_0_12.decision import Tracee012Pipeline
from .tracee_0_12.flags import read_scopes
from .tracee_0_12.life import step


class Case(NamedTuple):
    """Both masks of one question of a deviation."""

    deviation: Deviation
    flags: tuple[str, ...]
    question: Question
    model: int
    dialect: int


def smallest(deviation: Deviation) -> Case | None:
    """Return the smallest case in which the masks differ, None if there is none."""
    return next((case for case in cases(deviation) if case.model != case.dialect), None)


def cases(deviation: Deviation) -> Iterator[Case]:
    """Yield all cases of a deviation, ordered by number and length of their flags."""
    for flags in flag_sets(deviation):
        try:
            semantics, run = model_semantics(flags), Tracee012Pipeline(read_scopes(flags))
        except UsageError:  # one of them rejects this combination of flags
            continue
        for question in deviation.questions:
            masks = model_mask(semantics, question), dialect_mask(run, question)
            yield Case(deviation, flags, question, *masks)


def flag_sets(deviation: Deviation) -> Iterator[tuple[str, ...]]:
    """Yield the sets of flags of a deviation, the smallest first."""
    count = len(deviation.flags)
    subsets = (flags for size in range(count + 1) for flags in combinations(deviation.flags, size))
    for subset in sorted(subsets, key=lambda flags: (len(flags), sum(map(len, flags)))):
        yield (*deviation.always, *subset)


def model_mask(semantics: ModelSemantics, question: Question) -> int:
    """Return the model's mask."""
    state = initial_state(question.event.process)
    for event in question.history:
        state = lifecycle.step(semantics.scopes, state, event)
    return semantics.mask(event_of(question, state))


def dialect_mask(run: Tracee012Pipeline, question: Question) -> int:
    """Return the dialect's mask."""
    state = initial_state(question.event.process)
    for event in question.history:
        state = step(run, state, event)
    return run.mask(event_of(question, state), question.base)


def initial_state(process: Process) -> lifecycle.State:
    """Return the state before the first event."""
    return lifecycle.initial_state([Start(process)])


def event_of(question: Question, state: lifecycle.State) -> Event:
    """Return the event of a question, with the facts after its history."""
    event = question.event
    if not question.history:
        return event
    return Event(event.name, state.facts(event.process.tid), event.fields)
