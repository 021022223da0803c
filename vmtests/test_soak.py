# SPDX-License-Identifier: Apache-2.0
"""Soak test of the default set under a mixed load: counts and memory.

Five seconds in every run; ``tox -e soak`` runs the ten minutes in which a leak is visible.
"""

from __future__ import annotations

import re

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced

DERIVED = re.compile(r"derived events: (\d+) = delivered (\d+)")
MAX_GROWTH = 1.05
"""Factor by which the tracer's memory may grow from the first half to the end."""


@pytest.mark.guest_only
def test_soak_default_set(kernel: Kernel, pytestconfig: pytest.Config) -> None:
    """Every event is counted, and memory does not grow."""
    seconds = float(pytestconfig.getoption("--soak"))
    reply = kernel.ask("soak.run", {"seconds": seconds}, seconds=seconds + 300)
    traced = Traced(reply["exit"], "", reply["stderr"])
    assert (traced.status, reply["healthy"]) == (0, True), traced.stderr
    derived = DERIVED.search(traced.stderr)
    account = traced.account
    assert derived
    assert account.balances(), traced.stderr
    assert account.seen > seconds
    assert account.dropped == 0
    assert reply["lines"] == account.delivered + int(derived[2]), traced.stderr
    memory = reply["memory"]
    assert max(memory[-2:]) <= MAX_GROWTH * max(memory[: len(memory) // 2]), memory
    print(f"\n{kernel.name}: {traced.stderr}memory in KiB: {memory}")
