# SPDX-License-Identifier: Apache-2.0
"""Live runs of random workloads under random scopes, compared with the model.

The start of the tracer takes longer than a plan (1 to 2 s on this machine, 6 s and more in an
emulated guest), so several plans share one start and one set of scopes.
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

MIN_PLANS_PER_START = 5
MAX_STARTS = 4
"""A start takes longest, so a large run has more plans in each start."""

PLAN_STEPS = 10
"""Average number of rules for each plan, besides those for the scopes."""

SCOPE_STEPS = 30
REDUCTION_SECONDS = 90.0


@pytest.fixture(scope="session")
def directory() -> str:
    """Return the path of a directory that does not exist, on this machine and in guests.

    It is below /var/tmp, which guests mount for themselves; their /tmp is an overlay over this
    machine's, where a run at the same time creates files.
    """
    path = Path(tempfile.mkdtemp(prefix="tracee-ref-", dir="/var/tmp"))
    path.rmdir()
    return str(path)


class Trial:
    """Runs batches for the reduction; ``report`` is that of the last that failed."""

    def __init__(self, ensemble: Ensemble, directory: str, report: str) -> None:
        self._ensemble = ensemble
        self._directory = directory
        self.report = report

    def fails(self, batch: Batch) -> bool:
        """Run a batch; return whether a kernel differs from the model."""
        problem = live_run(self._ensemble, self._directory, batch).disagreement()
        self.report = problem or self.report
        return bool(problem)


def live_run(ensemble: Ensemble, directory: str, batch: Batch) -> LiveRun:
    ensemble.counts["plans"] += len(batch.plans)
    return LiveRun(ensemble, directory, root_of(batch.plans), batch.scopes)


def drawn_batches(count: int, plans_in_each: int) -> list[Batch]:
    """Draw all batches before the first run, so that no kernel waits for another."""
    batches: list[Batch] = []
    machine = type("Machine", (PlanMachine,), {"batches": batches, "count": plans_in_each})
    options = settings(
        max_examples=count,
        stateful_step_count=PLAN_STEPS * plans_in_each + SCOPE_STEPS,
        deadline=None,
        phases={Phase.generate},  # reduction.py finds smaller ones
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=options)
    assert len(batches) >= count  # Hypothesis may discard examples
    return batches


def test_plans_random(ensemble: Ensemble, directory: str, pytestconfig: pytest.Config) -> None:
    """Random plans give the events and masks of the model."""
    plans = int(pytestconfig.getoption("--plans"))
    at_once = max(MIN_PLANS_PER_START, plans // MAX_STARTS)
    batches = drawn_batches(-(-plans // at_once), at_once)
    runs = [live_run(ensemble, directory, batch) for batch in batches]
    for batch, run in zip(batches, runs, strict=True):
        if problem := run.disagreement():
            for other in runs:
                other.cancel()
            trial = Trial(ensemble, directory, problem)
            reduced(batch, trial.fails, REDUCTION_SECONDS)
            pytest.fail(trial.report, pytrace=False)


def test_plans_everything(ensemble: Ensemble, directory: str) -> None:
    """The fixed plan with every kind of step gives the events and masks of the model."""
    run = LiveRun(ensemble, directory, EVERYTHING, scopes_for_everything())
    if problem := run.disagreement():
        pytest.fail(problem, pytrace=False)
