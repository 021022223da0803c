# SPDX-License-Identifier: Apache-2.0
"""BPF matcher against the model: equal masks for equal scopes and processes."""

from __future__ import annotations

from typing import TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracee_ref.model.facts import Event
from tracee_ref.model.match import matched_scopes
from tracee_ref.model.scope import MAX_SCOPES, NEW, Binary, Condition, Key, Op, Pattern, Scope
from vmtests.lab.ensemble import Ensemble
from vmtests.lab.wire import pack_questions, pack_scopes
from vmtests.plans.strategies import EVENTS, Neighbourhood, scope_sets
from vmtests.runs.regressions import save, saved, table

PROCESSES = 40
"""Number of processes of an example, each with every event."""

Example: TypeAlias = tuple[tuple[Scope, ...], int]
"""Scopes, and a seed for the processes."""


def two(*, beyond: bool = False) -> st.SearchStrategy[tuple[Example, Example]]:
    """Draw two examples, so that a kernel starts the second while others run the first."""
    drawn = st.tuples(scope_sets(beyond=beyond), st.integers(0, 2**32 - 1))
    return st.tuples(drawn, drawn)


class Question:
    """An example that was sent to all kernels."""

    def __init__(self, ensemble: Ensemble, request: str, drawn: Example) -> None:
        self._request = request
        self._scopes, seed = drawn
        facts = Neighbourhood(self._scopes, seed)
        processes = [facts.process() for _ in range(PROCESSES)]
        self._batch = [(name, process) for process in processes for name in EVENTS]
        ensemble.counts["decisions"] += len(self._batch)
        packed = pack_questions([(EVENTS[name], process) for name, process in self._batch])
        arguments = {"scopes": pack_scopes(self._scopes), "questions": packed}
        self._answers = ensemble.submit(request, arguments)

    def check(self) -> None:
        """Wait for the kernels; fail if a mask is not that of the model."""
        expected = [matched_scopes(self._scopes, Event(*question)) for question in self._batch]
        masks = {name: answer.result()["masks"] for name, answer in self._answers.items()}
        answers = zip(*masks.values(), strict=True)
        for (event, process), mask, found in zip(self._batch, expected, answers, strict=True):
            if any(answer != mask for answer in found):
                save(self._request, self._scopes, EVENTS[event], process, mask)
                by_kernel = dict(zip(masks, found, strict=True))
                pytest.fail(table(self._scopes, event, process, mask, by_kernel), pytrace=False)


def check(ensemble: Ensemble, request: str, *examples: Example) -> None:
    """Send examples to every kernel, and compare all masks with the model's."""
    for question in [Question(ensemble, request, drawn) for drawn in examples]:
        question.check()


ABOUT_NEW = tuple(
    Scope(number, frozenset(EVENTS), frozenset(Condition(Key.PID, *rest) for rest in conditions))
    for number, conditions in (
        (1, ((Op.EQ, NEW),)),
        (2, ((Op.NE, NEW),)),
        (3, ((Op.EQ, NEW), (Op.EQ, 1000), (Op.NE, 1001))),
    )
)
"""Filters on new processes and on pids, in the same scopes."""


@given(two())
@example(((ABOUT_NEW, 0), (ABOUT_NEW, 1)))
@settings(max_examples=30, deadline=None)
def test_decisions_single_values(ensemble: Ensemble, examples: tuple[Example, Example]) -> None:
    """Scopes with single values only, in hash tables."""
    check(ensemble, "decisions.single", *examples)


OVERLAPPING = tuple(
    Scope(number, frozenset(EVENTS), frozenset({Condition(Key.COMM, op, pattern)}))
    for number, op, pattern in (
        (1, Op.EQ, Pattern(b"ab", open_end=True)),
        (2, Op.EQ, Pattern(b"ab", open_start=True)),
        (3, Op.NE, Pattern(b"b", open_start=True, open_end=True)),
    )
)
"""Patterns that a name matches together: at the end of one it is at the end of others."""


@given(two(beyond=True))
@example(((OVERLAPPING, 0), (OVERLAPPING, 1)))
@example(((ABOUT_NEW, 0), (ABOUT_NEW, 1)))
@settings(max_examples=30, deadline=None)
def test_decisions_wildcards_and_intervals(
    ensemble: Ensemble, examples: tuple[Example, Example]
) -> None:
    """Scopes with wildcards and intervals."""
    check(ensemble, "decisions.masks", *examples)


@given(two(beyond=True))
@settings(max_examples=2, deadline=None)
def test_decisions_fitted_program(ensemble: Ensemble, examples: tuple[Example, Example]) -> None:
    """Programs compiled for the tables of their scopes."""
    check(ensemble, "decisions.fitted", *examples)


def full_scopes() -> tuple[Scope, ...]:
    """Return 64 scopes with as many values as fit into a program for any tables."""
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
    """Scopes without a value, and with as many values as fit."""
    check(ensemble, request_, *((scopes, seed) for seed in range(5)))


def test_decisions_regression_vectors(ensemble: Ensemble) -> None:
    """Decisions that were wrong once."""
    for name, scopes, number, process, mask in saved():
        packed = pack_questions([(number, process)])
        arguments = {"scopes": pack_scopes(scopes), "questions": packed}
        for kernel, result in ensemble.ask("decisions.masks", arguments).items():
            assert result["masks"] == [mask], f"{kernel}: {name}"
