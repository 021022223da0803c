# SPDX-License-Identifier: Apache-2.0
"""What the maps hold, and that what they do not hold is counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tracee_ref.filters.limits import MAX_VALUES
from vmtests.lab.kernel import Kernel

SCOPES = range(1, 65)
VALUES: dict[str, Callable[[int], str]] = {
    "comm": lambda i: f"n{i}",
    "uts": lambda i: f"h{i}*" if i % 64 == 0 else f"h{i}",
    "uid": lambda i: str(3 * i),
    "pid": lambda i: str(3 * i),
    "mntns": str,
    "pidns": str,
    "tree": str,
    "binary": lambda i: f"/usr/bin/n{i}",
    "container": lambda i: f"{i:012x}",
}


@pytest.mark.host_only
def test_limits_100000_processes(kernel: Kernel) -> None:
    assert kernel.ask("limits.kept", {"count": 100_000})["kept"] == 100_000


def test_limits_evicted_processes_counted(kernel: Kernel) -> None:
    """An event is shown, or its process was forgotten: then it is judged so, and counted."""
    reply = kernel.ask("limits.crowded", {"processes": 64, "children": 200})
    shown, counters = set(reply["exits"]), reply["counters"]
    assert len(shown) == len(reply["exits"])
    assert shown <= set(reply["pids"])
    missing = len(set(reply["pids"]) - shown)
    assert 0 < missing <= counters["unknown"]
    assert counters["seen"] == counters["filtered"] + counters["submitted"] + counters["lost"]


@pytest.mark.host_only
@pytest.mark.parametrize("kind", VALUES)
def test_limits_full_tables(kernel: Kernel, kind: str) -> None:
    """As many values as flags may bring in, over 64 scopes."""
    each = MAX_VALUES // len(SCOPES)
    flags = [f"{scope}:event=getppid" for scope in SCOPES]
    for scope in SCOPES:
        values = (VALUES[kind](1 + scope * each + i) for i in range(each))
        flags.append(f"{scope}:{kind}{'=' if scope % 2 else '!='}{','.join(values)}")
    kernel.ask("limits.full", {"flags": flags})
