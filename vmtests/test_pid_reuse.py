# SPDX-License-Identifier: Apache-2.0
"""State of processes whose id had another process that is not freed yet."""

from __future__ import annotations

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced

PROCESSES = 50
ROUNDS = 12


@pytest.mark.oldest_and_newest
@pytest.mark.parametrize(
    "flags",
    [["tree={root}"], ["pid={root}", "follow"], ["tree={root}", "binary!=/none"]],
    ids=["tree", "follow", "binary"],
)
def test_pid_reuse(kernel: Kernel, flags: list[str]) -> None:
    """Each process is in the scope of its parent, whichever process had its id before.

    The kernel frees a process some milliseconds after its id may be reused.
    """
    options = ["event=sched_process_exit", *flags]
    request = {"flags": options, "processes": PROCESSES, "rounds": ROUNDS}
    result = Traced.from_reply(kernel.ask("pid_reuse.traced", request, seconds=300))
    assert result.status == 0, result.stderr
    assert result.account.balances()
    assert "untracked" not in result.stderr
    ids = {event["hostProcessId"] for event in result.events}
    assert len(ids) < PROCESSES * ROUNDS / 2, "ids were not reused"
    missing = 1 + PROCESSES * ROUNDS - len(result.events)
    assert not missing, f"{missing} processes lack the scope of their parent"
