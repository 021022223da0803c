# SPDX-License-Identifier: Apache-2.0
"""Live runs: drawn workloads under drawn scopes, on every kernel, held to the model.

The tracer takes longer to start than a plan to run (1 to 2 s here, 6 s and more in an emulated
guest), so some plans share one start and one set of scopes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from vmtests.lab.ensemble import Ensemble
from vmtests.plans.machine import PlanMachine
from vmtests.plans.reduction import Batch, reduced
from vmtests.plans.samples import EVERYTHING, scopes_for_everything
from vmtests.plans.steps import root_of
from vmtests.runs.live import LiveRun

PLANS_AT_ONCE = 5
STARTS = 4
"""At the most: a start takes longer than all else, so a large run has more plans in each."""

STEPS = 10
"""Rules for each plan, more or less; those for the scopes come on top."""

SCOPE_STEPS = 30
REDUCING_SECONDS = 90.0


@pytest.fixture(scope="session")
def directory() -> str:
    """A name that nothing has, here and in guests.

    It is of /var/tmp, which guests have for themselves: in their /tmp they see this machine's
    files below their own, and so also what a run of the same time makes here.
    """
    path = Path(tempfile.mkdtemp(prefix="tracee-ref-", dir="/var/tmp"))
    path.rmdir()
    return str(path)


class Trial:
    """Runs batches, for looking for a smaller one; ``told`` is of the last that failed."""

    def __init__(self, ensemble: Ensemble, directory: str, told: str) -> None:
        self._ensemble = ensemble
        self._directory = directory
        self.told = told

    def fails(self, batch: Batch) -> bool:
        """Whether a kernel disagrees."""
        problem = live_run(self._ensemble, self._directory, batch).disagreement()
        self.told = problem or self.told
        return bool(problem)


def live_run(ensemble: Ensemble, directory: str, batch: Batch) -> LiveRun:
    ensemble.counts["plans"] += len(batch.plans)
    return LiveRun(ensemble, directory, root_of(batch.plans), batch.scopes)


def drawn_batches(count: int, plans_in_each: int) -> list[Batch]:
    """Draw all before one runs: a kernel that is done with one begins the next."""
    batches: list[Batch] = []
    machine = type("Machine", (PlanMachine,), {"batches": batches, "count": plans_in_each})
    options = settings(
        max_examples=count,
        stateful_step_count=STEPS * plans_in_each + SCOPE_STEPS,
        deadline=None,
        phases={Phase.generate},  # smaller ones are found in our own way
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=options)
    assert len(batches) >= count  # it may give up on what is drawn
    return batches


def test_plans_random(ensemble: Ensemble, directory: str, pytestconfig: pytest.Config) -> None:
    plans = int(pytestconfig.getoption("--plans"))
    at_once = max(PLANS_AT_ONCE, plans // STARTS)
    batches = drawn_batches(-(-plans // at_once), at_once)
    runs = [live_run(ensemble, directory, batch) for batch in batches]
    for batch, run in zip(batches, runs, strict=True):
        if problem := run.disagreement():
            for other in runs:
                other.cancel()
            trial = Trial(ensemble, directory, problem)
            reduced(batch, trial.fails, REDUCING_SECONDS)
            pytest.fail(trial.told, pytrace=False)


def test_plans_everything(ensemble: Ensemble, directory: str) -> None:
    run = LiveRun(ensemble, directory, EVERYTHING, scopes_for_everything())
    if problem := run.disagreement():
        pytest.fail(problem, pytrace=False)
