# SPDX-License-Identifier: Apache-2.0
"""Filters on namespaces, for a program outside and inside of a namespace.

Rules 9 and 10: inode numbers of namespaces, and binaries in one mount namespace.
"""

from __future__ import annotations

from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TIMEOUT_SECONDS, Traced

COMMAND = "readlink /proc/self; nsenter -t {child} -m -p sh -c 'echo $$; exec readlink /proc/self'"
"""Prints the pid of a readlink outside, and both pids of one inside (/proc is not remounted)."""


def executions(kernel: Kernel, *flags: str) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the exec events of readlink; the pid namespaces, and the printed pids."""
    words = [word for flag in flags for word in ("-f", flag)]
    request = {
        "argv": [*words, "-o", "json", "--", "sh", "-c", COMMAND],
        "seconds": TIMEOUT_SECONDS,
    }
    reply = kernel.ask("existing.beside_namespaces", request, seconds=TIMEOUT_SECONDS + 10)
    traced = Traced.from_reply(reply)
    assert traced.status == 0, traced.stderr
    assert traced.account.balances()
    printed = [int(line) for line in traced.lines if not line.startswith("{")]
    return traced.events, [reply["own_pid"], reply["other_pid"], *printed]


def in_scopes(*filters: str) -> list[str]:
    return [
        flag
        for number, text in enumerate(filters, 1)
        for flag in (
            f"{number}:event=sched_process_exec", f"{number}:comm=readlink", f"{number}:{text}"
        )
    ]  # fmt: skip


def check(kernel: Kernel, here: str) -> None:
    """Check the masks of both programs; ``here`` names the mount namespace outside."""
    program = "/usr/bin/readlink"
    scopes = in_scopes(
        f"binary={here}:{program}",
        f"binary={{other_mnt}}:{program}",
        f"binary={program}",
        f"binary!={here}:{program}",
        f"binary={{other_mnt}}:{program},{here}:{program}",
        "pidns={other_pid}",
        "pidns!={other_pid}",
        "pidns={own_pid}",
        "pidns={own_pid},{other_pid}",
    )
    (outside, inside), printed = executions(kernel, *scopes)
    own_pidns, other_pidns, outer_id, inner_id, host_id = printed
    assert (outside["matchedScopes"], inside["matchedScopes"]) == (0b1110_10101, 0b1001_11110)
    assert (outside["pidNamespace"], inside["pidNamespace"]) == (own_pidns, other_pidns)
    assert outside["processId"] == outer_id
    assert (inside["processId"], inside["threadId"]) == (inner_id, inner_id)
    assert (inside["hostProcessId"], inside["hostThreadId"]) == (host_id, host_id)
    assert inner_id < host_id


@pytest.mark.host_only
def test_namespaces_by_inode(kernel: Kernel) -> None:
    """Mount namespaces by number: on this machine that of process 1 may be unreadable."""
    check(kernel, "{own_mnt}")


@pytest.mark.guest_only
def test_namespaces_by_host(kernel: Kernel) -> None:
    """``host`` names the mount namespace of process 1."""
    check(kernel, "host")
