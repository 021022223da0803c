# SPDX-License-Identifier: Apache-2.0
"""The kernel's matcher and the model give the same mask for the same scopes and facts."""

from __future__ import annotations

from typing import TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model.facts import Event
from model.match import matched_scopes
from model.scope import MAX_SCOPES, NEW, Binary, Condition, Key, Op, Pattern, Scope
from vmtests.lab.ensemble import Ensemble
from vmtests.lab.wire import pack_questions, pack_scopes
from vmtests.plans.strategies import EVENTS, Neighbourhood, scope_sets
from vmtests.runs.regressions import save, saved, table

PROCESSES = 40
"""Processes that are asked about in an example, with each event."""

Asked: TypeAlias = tuple[tuple[Scope, ...], int]
"""Scopes, and a seed for the processes."""


def two(*, beyond: bool = False) -> st.SearchStrategy[tuple[Asked, Asked]]:
    """Draw two at a time: a kernel that is done with the first begins the second."""
    asked = st.tuples(scope_sets(beyond=beyond), st.integers(0, 2**32 - 1))
    return st.tuples(asked, asked)


class Question:
    """What the model and all kernels are asked about some scopes."""

    def __init__(self, ensemble: Ensemble, request: str, asked: Asked) -> None:
        self._request = request
        self._scopes, seed = asked
        facts = Neighbourhood(self._scopes, seed)
        processes = [facts.process() for _ in range(PROCESSES)]
        self._batch = [(name, process) for process in processes for name in EVENTS]
        ensemble.counts["decisions"] += len(self._batch)
        packed = pack_questions([(EVENTS[name], process) for name, process in self._batch])
        arguments = {"scopes": pack_scopes(self._scopes), "questions": packed}
        self._answers = ensemble.submit(request, arguments)

    def check(self) -> None:
        """All must agree on every mask."""
        expected = [matched_scopes(self._scopes, Event(*one)) for one in self._batch]
        masks = {name: answer.result()["masks"] for name, answer in self._answers.items()}
        answers = zip(*masks.values(), strict=True)
        for (event, process), mask, told in zip(self._batch, expected, answers, strict=True):
            if any(answer != mask for answer in told):
                save(self._request, self._scopes, EVENTS[event], process, mask)
                by_kernel = dict(zip(masks, told, strict=True))
                pytest.fail(table(self._scopes, event, process, mask, by_kernel), pytrace=False)


def check(ensemble: Ensemble, request: str, *asked: Asked) -> None:
    """Ask the model and every kernel; they must agree on every mask."""
    for question in [Question(ensemble, request, one) for one in asked]:
        question.check()


ABOUT_NEW = tuple(
    Scope(number, frozenset(EVENTS), frozenset(Condition(Key.PID, *one) for one in conditions))
    for number, conditions in (
        (1, ((Op.EQ, NEW),)),
        (2, ((Op.NE, NEW),)),
        (3, ((Op.EQ, NEW), (Op.EQ, 1000), (Op.NE, 1001))),
    )
)
"""A process is new and of an id at once."""


@given(two())
@example(((ABOUT_NEW, 0), (ABOUT_NEW, 1)))
@settings(max_examples=30, deadline=None)
def test_decisions_single_values(ensemble: Ensemble, asked: tuple[Asked, Asked]) -> None:
    check(ensemble, "decisions.single", *asked)


OVERLAPPING = tuple(
    Scope(number, frozenset(EVENTS), frozenset({Condition(Key.COMM, op, pattern)}))
    for number, op, pattern in (
        (1, Op.EQ, Pattern(b"ab", open_end=True)),
        (2, Op.EQ, Pattern(b"ab", open_start=True)),
        (3, Op.NE, Pattern(b"b", open_start=True, open_end=True)),
    )
)
"""A name that has come to the end of one text is at the end of others, too."""


@given(two(beyond=True))
@example(((OVERLAPPING, 0), (OVERLAPPING, 1)))
@example(((ABOUT_NEW, 0), (ABOUT_NEW, 1)))
@settings(max_examples=30, deadline=None)
def test_decisions_wildcards_and_intervals(ensemble: Ensemble, asked: tuple[Asked, Asked]) -> None:
    check(ensemble, "decisions.masks", *asked)


@given(two(beyond=True))
@settings(max_examples=2, deadline=None)
def test_decisions_fitted_program(ensemble: Ensemble, asked: tuple[Asked, Asked]) -> None:
    check(ensemble, "decisions.fitted", *asked)


def full_scopes() -> tuple[Scope, ...]:
    """64 scopes with as many values as a program with room for any tables holds."""
    every = frozenset(EVENTS)
    scopes = []
    for number in range(1, MAX_SCOPES + 1):
        uids = {Condition(Key.UID, Op.EQ, 1000 * number + i * 2) for i in range(28)}
        pids = {Condition(Key.PID, Op.NE, 1000 * number + i * 2) for i in range(28)}
        comms = {Condition(Key.COMM, Op.EQ, Pattern(b"c%d-%d" % (number, i))) for i in range(60)}
        paths = {Condition(Key.BINARY, Op.NE, Binary(b"/p%d/%d" % (number, i))) for i in range(60)}
        scopes.append(Scope(number, every, frozenset((uids, pids, comms, paths)[number % 4])))
    return tuple(scopes)


@pytest.mark.parametrize("request_", ["decisions.single", "decisions.masks"])
@pytest.mark.parametrize("scopes", [(Scope(64, frozenset({"alpha"})),), full_scopes()])
def test_decisions_empty_and_full_tables(
    ensemble: Ensemble, scopes: tuple[Scope, ...], request_: str
) -> None:
    check(ensemble, request_, *((scopes, seed) for seed in range(5)))


def test_decisions_regression_vectors(ensemble: Ensemble) -> None:
    for name, scopes, number, process, mask in saved():
        packed = pack_questions([(number, process)])
        asked = {"scopes": pack_scopes(scopes), "questions": packed}
        for kernel, result in ensemble.ask("decisions.masks", asked).items():
            assert result["masks"] == [mask], f"{kernel}: {name}"
