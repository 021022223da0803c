"""The kernel's matcher and the model give the same mask for the same scopes and facts."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.facts import Event, Process
from model.match import matched_scopes
from model.scope import Scope
from vmtests.ensemble import Ensemble
from vmtests.strategies import EVENTS, processes, scope_sets
from vmtests.wire import pack_questions, pack_scopes

QUESTIONS = 100
"""Questions about one set of scopes: one example is worth as many decisions."""

RELAXED = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


@st.composite
def batches(
    draw: st.DrawFn, scopes: Sequence[Scope], size: int = QUESTIONS
) -> list[tuple[str, Process]]:
    """Events of processes: each of a few events with each of a few processes."""
    some = draw(st.lists(processes(scopes), min_size=size // 3 + 1, max_size=size // 3 + 1))
    return [(event, process) for process in some for event in EVENTS]


def check(ensemble: Ensemble, request: str, scopes: Sequence[Scope], data: st.DataObject) -> None:
    """Ask the model and every kernel; they must agree on every mask."""
    batch = data.draw(batches(scopes))
    expected = [matched_scopes(scopes, Event(name, process)) for name, process in batch]
    packed = pack_questions([(EVENTS[name], process) for name, process in batch])
    asked = {"scopes": pack_scopes(scopes), "questions": packed}
    for name, result in ensemble.ask(request, asked).items():
        for question, mask, answer in zip(batch, expected, result["masks"], strict=True):
            assert answer == mask, f"{name}: {answer:#x}, model {mask:#x}: {question}"


@given(st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=RELAXED)
def test_exact_names(ensemble: Ensemble, data: st.DataObject) -> None:
    check(ensemble, "decisions.masks", data.draw(scope_sets()), data)


@given(st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=RELAXED)
def test_names_with_stars(ensemble: Ensemble, data: st.DataObject) -> None:
    check(ensemble, "decisions.masks", data.draw(scope_sets(stars=True)), data)


@given(st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=RELAXED)
def test_programs_compiled_for_their_scopes(ensemble: Ensemble, data: st.DataObject) -> None:
    check(ensemble, "decisions.fitted", data.draw(scope_sets(stars=True)), data)
