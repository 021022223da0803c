"""The kernel's matcher and the model give the same mask for the same scopes and facts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model.facts import Event
from model.match import matched_scopes
from model.scope import MAX_SCOPES, Binary, Condition, Key, Op, Pattern, Scope
from vmtests.ensemble import Ensemble
from vmtests.regressions import save, saved, table
from vmtests.strategies import EVENTS, Neighbourhood, scope_sets
from vmtests.wire import pack_questions, pack_scopes

PROCESSES = 40
"""Processes that are asked about in an example, with each event."""

seeds = st.integers(0, 2**32 - 1)


def check(ensemble: Ensemble, request: str, scopes: Sequence[Scope], seed: int) -> None:
    """Ask the model and every kernel; they must agree on every mask."""
    facts = Neighbourhood(scopes, seed)
    batch = [(name, p) for p in (facts.process() for _ in range(PROCESSES)) for name in EVENTS]
    packed = pack_questions([(EVENTS[name], process) for name, process in batch])
    ensemble.asked["decisions"] += len(batch)
    results = ensemble.ask(request, {"scopes": pack_scopes(scopes), "questions": packed})
    masks = zip(*(result["masks"] for result in results.values()), strict=True)
    for (event, process), answers in zip(batch, masks, strict=True):
        expected = matched_scopes(scopes, Event(event, process))
        if any(answer != expected for answer in answers):
            save(request, scopes, EVENTS[event], process, expected)
            by_kernel = dict(zip(results, answers, strict=True))
            pytest.fail(table(scopes, event, process, expected, by_kernel), pytrace=False)


@given(scope_sets(), seeds)
@settings(max_examples=60, deadline=None)
def test_exact_names(ensemble: Ensemble, scopes: tuple[Scope, ...], seed: int) -> None:
    check(ensemble, "decisions.masks", scopes, seed)


OVERLAPPING = tuple(
    Scope(number, frozenset(EVENTS), frozenset({Condition(Key.COMM, op, pattern)}))
    for number, op, pattern in (
        (1, Op.EQ, Pattern(b"ab", open_end=True)),
        (2, Op.EQ, Pattern(b"ab", open_start=True)),
        (3, Op.NE, Pattern(b"b", open_start=True, open_end=True)),
    )
)
"""A name that has come to the end of one text is at the end of others, too."""


@given(scope_sets(stars=True), seeds)
@example(OVERLAPPING, 0)
@settings(max_examples=60, deadline=None)
def test_names_with_stars(ensemble: Ensemble, scopes: tuple[Scope, ...], seed: int) -> None:
    check(ensemble, "decisions.masks", scopes, seed)


@given(scope_sets(stars=True), seeds)
@settings(max_examples=3, deadline=None)
def test_programs_compiled_for_their_scopes(
    ensemble: Ensemble, scopes: tuple[Scope, ...], seed: int
) -> None:
    check(ensemble, "decisions.fitted", scopes, seed)


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


@pytest.mark.parametrize("scopes", [(Scope(64, frozenset({"alpha"})),), full_scopes()])
def test_empty_and_full_tables(ensemble: Ensemble, scopes: tuple[Scope, ...]) -> None:
    for seed in range(5):
        check(ensemble, "decisions.masks", scopes, seed)


def test_vectors_of_earlier_disagreements(ensemble: Ensemble) -> None:
    for name, scopes, number, process, mask in saved():
        packed = pack_questions([(number, process)])
        asked = {"scopes": pack_scopes(scopes), "questions": packed}
        for kernel, result in ensemble.ask("decisions.masks", asked).items():
            assert result["masks"] == [mask], f"{kernel}: {name}"
