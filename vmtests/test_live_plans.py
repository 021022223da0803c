"""Live runs: drawn workloads under drawn scopes, on every kernel, held to the model.

The tracer takes longer to start than a plan to run (1 to 2 s here, 6 s and more in an emulated
guest), so some plans share one start and one set of scopes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test

from vmtests.ensemble import Ensemble
from vmtests.live import disagreement
from vmtests.plan_machine import PlanMachine
from vmtests.plan_reduction import Batch, reduced
from vmtests.plans import root_of
from vmtests.sample_plans import EVERYTHING, scopes_for_everything

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


class Failures:
    """Runs batches until one fails; that one fails again from memory, also if it is a race."""

    def __init__(self, ensemble: Ensemble, directory: str) -> None:
        self._ensemble = ensemble
        self._directory = directory
        self.first: Batch | None = None
        self.told = ""

    def check(self, batch: Batch) -> None:
        """Run a batch; AssertionError if a kernel disagrees."""
        assert batch != self.first, self.told
        if self.fails(batch):
            self.first = batch
            raise AssertionError(self.told)

    def fails(self, batch: Batch) -> bool:
        """Whether a kernel disagrees; ``told`` is the report of the last time."""
        root = root_of(batch.plans)
        problem = disagreement(self._ensemble, self._directory, root, batch.scopes)
        self._ensemble.asked["plans"] += len(batch.plans)
        self.told = problem or self.told
        return bool(problem)


def test_drawn_plans(ensemble: Ensemble, directory: str, pytestconfig: pytest.Config) -> None:
    plans = int(pytestconfig.getoption("--plans"))
    at_once = max(PLANS_AT_ONCE, plans // STARTS)
    failures = Failures(ensemble, directory)
    members = {"runner": failures, "count": at_once}
    machine = type("Machine", (PlanMachine,), members)
    options = settings(
        max_examples=-(-plans // at_once),
        stateful_step_count=STEPS * at_once + SCOPE_STEPS,
        deadline=None,
        verbosity=Verbosity.quiet,  # our own table says it better
        phases={Phase.generate},  # smaller ones are found in our own way
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(machine, settings=options)
    except AssertionError:
        if not failures.first:  # it was ours
            raise
        reduced(failures.first, failures.fails, REDUCING_SECONDS)
        pytest.fail(failures.told, pytrace=False)


def test_the_plan_with_everything(ensemble: Ensemble, directory: str) -> None:
    if problem := disagreement(ensemble, directory, EVERYTHING, scopes_for_everything()):
        pytest.fail(problem, pytrace=False)
