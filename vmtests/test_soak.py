# SPDX-License-Identifier: Apache-2.0
"""Soak test of the default set under a mixed load: counts balance, memory does not grow.

Five seconds in every run; ``tox -e soak`` runs the ten minutes in which a leak is visible.
"""

from __future__ import annotations

import re

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced

MADE = re.compile(r"derived events: (\d+) = delivered (\d+)")
MAX_GROWTH = 1.05
"""Factor by which the tracer's memory may grow from the first half to the end."""


@pytest.mark.guest_only
def test_soak_default_set(kernel: Kernel, pytestconfig: pytest.Config) -> None:
    """Every event is counted, and memory does not grow."""
    seconds = float(pytestconfig.getoption("--soak"))
    reply = kernel.ask("soak.run", {"seconds": seconds}, seconds=seconds + 300)
    traced = Traced(reply["exit"], "", reply["stderr"])
    assert (traced.status, reply["healthy"]) == (0, True), traced.stderr
    made = MADE.search(traced.stderr)
    account = traced.account
    assert made
    assert account.balances(), traced.stderr
    assert account.seen > seconds
    assert account.dropped == 0
    assert reply["lines"] == account.delivered + int(made[2]), traced.stderr
    memory = reply["memory"]
    assert max(memory[-2:]) <= MAX_GROWTH * max(memory[: len(memory) // 2]), memory
    print(f"\n{kernel.name}: {traced.stderr}memory in KiB: {memory}")
