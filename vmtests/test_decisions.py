"""The kernel's matcher and the model give the same mask for the same scopes and facts."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from model.facts import Event
from model.match import matched_scopes
from model.scope import Scope
from vmtests.ensemble import Ensemble
from vmtests.strategies import EVENTS, Neighbourhood, scope_sets
from vmtests.wire import pack_questions, pack_scopes

PROCESSES = 40
"""Processes that are asked about in an example, with each event."""

seeds = st.integers(0, 2**32 - 1)


def check(ensemble: Ensemble, request: str, scopes: Sequence[Scope], seed: int) -> None:
    """Ask the model and every kernel; they must agree on every mask."""
    facts = Neighbourhood(scopes, seed)
    batch = [(name, p) for p in (facts.process() for _ in range(PROCESSES)) for name in EVENTS]
    expected = [matched_scopes(scopes, Event(name, process)) for name, process in batch]
    packed = pack_questions([(EVENTS[name], process) for name, process in batch])
    asked = {"scopes": pack_scopes(scopes), "questions": packed}
    ensemble.asked["decisions"] += len(batch)
    for name, result in ensemble.ask(request, asked).items():
        for question, mask, answer in zip(batch, expected, result["masks"], strict=True):
            assert answer == mask, f"{name}: {answer:#x}, model {mask:#x}: {question}"


@given(scope_sets(), seeds)
@settings(max_examples=100, deadline=None)
def test_exact_names(ensemble: Ensemble, scopes: tuple[Scope, ...], seed: int) -> None:
    check(ensemble, "decisions.masks", scopes, seed)


@given(scope_sets(stars=True), seeds)
@settings(max_examples=100, deadline=None)
def test_names_with_stars(ensemble: Ensemble, scopes: tuple[Scope, ...], seed: int) -> None:
    check(ensemble, "decisions.masks", scopes, seed)


@given(scope_sets(stars=True), seeds)
@settings(max_examples=5, deadline=None)
def test_programs_compiled_for_their_scopes(
    ensemble: Ensemble, scopes: tuple[Scope, ...], seed: int
) -> None:
    check(ensemble, "decisions.fitted", scopes, seed)
