# SPDX-License-Identifier: Apache-2.0
"""One program outside and inside of a mount and a pid namespace that were there before.

Rules 9 and 10: inode numbers of namespaces, and binaries in one mount namespace.
"""

from __future__ import annotations

from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import TIMEOUT_SECONDS, Traced

COMMAND = "readlink /proc/self; nsenter -t {child} -m -p sh -c 'echo $$; exec readlink /proc/self'"
"""Prints the id of a readlink outside, and both ids of one inside: /proc is still the old one."""


def executions(kernel: Kernel, *flags: str) -> tuple[list[dict[str, Any]], list[int]]:
    """The two executions of readlink; both pid namespaces and the numbers that were printed."""
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
    """Have ``here`` name the mount namespace outside, and see what each scope shows."""
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
    """On this machine nobody may be allowed to look at process 1."""
    check(kernel, "{own_mnt}")


@pytest.mark.guest_only
def test_namespaces_by_host(kernel: Kernel) -> None:
    check(kernel, "host")
