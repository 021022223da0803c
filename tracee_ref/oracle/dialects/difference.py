# SPDX-License-Identifier: Apache-2.0
"""The smallest case in which a dialect and the model differ, found by trying in order of size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from model import lifecycle
from model.facts import Event, Process
from model.lifecycle import Start

from ...errors import UsageError
from ..reference.semantics import ModelSemantics, model_semantics
from .deviation import Deviation, Question
from .tracee_0_12.decision import Pipeline
from .tracee_0_12.flags import read_scopes
from .tracee_0_12.life import step


class Case(NamedTuple):
    """A deviation shown: both masks of one question."""

    deviation: Deviation
    flags: tuple[str, ...]
    question: Question
    model: int
    dialect: int


def smallest(deviation: Deviation) -> Case | None:
    """Return the first case in order of size in which the masks differ."""
    return next((case for case in cases(deviation) if case.model != case.dialect), None)


def cases(deviation: Deviation) -> Iterator[Case]:
    """Give all cases of a deviation, by the number of their flags and their length."""
    for flags in flag_sets(deviation):
        try:
            semantics, run = model_semantics(flags), Pipeline(read_scopes(flags))
        except UsageError:  # one of the two refuses these flags together
            continue
        for question in deviation.questions:
            masks = model_mask(semantics, question), dialect_mask(run, question)
            yield Case(deviation, flags, question, *masks)


def flag_sets(deviation: Deviation) -> Iterator[tuple[str, ...]]:
    """Give the sets of flags, the smallest first."""
    count = len(deviation.flags)
    chosen = (some for size in range(count + 1) for some in combinations(deviation.flags, size))
    for some in sorted(chosen, key=lambda flags: (len(flags), sum(map(len, flags)))):
        yield (*deviation.always, *some)


def model_mask(semantics: ModelSemantics, question: Question) -> int:
    """Return the model's mask."""
    state = initial_state(question.event.process)
    for event in question.life:
        state = lifecycle.step(semantics.scopes, state, event)
    return semantics.mask(placed(question, state))


def dialect_mask(run: Pipeline, question: Question) -> int:
    """Return the dialect's mask."""
    state = initial_state(question.event.process)
    for event in question.life:
        state = step(run, state, event)
    return run.mask(placed(question, state), question.base)


def initial_state(process: Process) -> lifecycle.State:
    """Return the state of before the first event."""
    return lifecycle.initial_state([Start(process)])


def placed(question: Question, state: lifecycle.State) -> Event:
    """Return the event, with the facts that the life before made of its process."""
    event = question.event
    if not question.life:
        return event
    return Event(event.name, state.facts(event.process.tid), event.fields)
