"""Live runs: drawn workloads under drawn scopes, on every kernel, held to the model.

The tracer takes longer to start than a plan to run (1 to 2 s here, 6 s and more in an emulated
guest), so some plans share one start and one set of scopes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test

from vmtests.drawn_scopes import Drawn
from vmtests.ensemble import Ensemble
from vmtests.live import disagreement
from vmtests.plan_machine import PlanMachine
from vmtests.sample_plans import EVERYTHING, scopes_for_everything
from vmtests.workload.plan import Image

PLANS_AT_ONCE = 5
STARTS = 10
"""At the most: a start takes longer than all else, so a large run has more plans in each."""

STEPS = 10
"""Rules for each plan, more or less; those for the scopes come on top."""

SCOPE_STEPS = 30
SHRINKING_SECONDS = 90.0


@pytest.fixture(scope="session")
def directory() -> str:
    """A name that nothing has, here and (as guests see this machine's files) in guests."""
    path = Path(tempfile.mkdtemp(prefix="tracee-ref-"))
    path.rmdir()
    return str(path)


class OutOfPatience(BaseException):
    """The search for a smaller example is broken off; Hypothesis does not catch this."""


class Patience:
    """Lets Hypothesis look for a smaller example for a while only: each try is a tracer's start.

    An example that failed fails again from memory, so that a race is not called flaky.
    """

    def __init__(self, ensemble: Ensemble, directory: str, plans: int) -> None:
        self._ensemble = ensemble
        self._directory = directory
        self._plans = plans
        self._failed: dict[str, str] = {}
        self._until = float("inf")

    def check(self, root: Image, scopes: Sequence[Drawn]) -> None:
        key = repr((root, scopes))
        if key not in self._failed:
            if time.monotonic() > self._until:
                raise OutOfPatience
            problem = disagreement(self._ensemble, self._directory, root, scopes)
            self._ensemble.asked["plans"] += self._plans
            if not problem:
                return
            self._failed[key] = problem
            self._until = min(self._until, time.monotonic() + SHRINKING_SECONDS)
        raise AssertionError(self._failed[key])

    @property
    def failed(self) -> bool:
        """Whether an example failed."""
        return bool(self._failed)

    def smallest(self) -> str:
        """What is wrong with the smallest example that failed."""
        return self._failed[min(self._failed, key=len)]


def test_drawn_plans(ensemble: Ensemble, directory: str, pytestconfig: pytest.Config) -> None:
    plans = int(pytestconfig.getoption("--plans"))
    at_once = max(PLANS_AT_ONCE, plans // STARTS)
    patience = Patience(ensemble, directory, at_once)
    members = {"runner": patience, "count": at_once}
    machine = type("Machine", (PlanMachine,), members)
    options = settings(
        max_examples=-(-plans // at_once),
        stateful_step_count=STEPS * at_once + SCOPE_STEPS,
        deadline=None,
        verbosity=Verbosity.quiet,  # our own table says it better
        phases=set(Phase) - {Phase.explain},
        suppress_health_check=list(HealthCheck),
    )
    with suppress(AssertionError, OutOfPatience):
        run_state_machine_as_test(machine, settings=options)
        return
    pytest.fail(patience.smallest(), pytrace=False)


def test_the_plan_with_everything(ensemble: Ensemble, directory: str) -> None:
    if problem := disagreement(ensemble, directory, EVERYTHING, scopes_for_everything()):
        pytest.fail(problem, pytrace=False)
