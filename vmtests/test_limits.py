# SPDX-License-Identifier: Apache-2.0
"""Capacity of maps and tables, and the counts of what does not fit."""

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
    """The map ``tree_states`` has room for 100,000 processes."""
    assert kernel.ask("limits.kept", {"count": 100_000})["kept"] == 100_000


def test_limits_evicted_processes_counted(kernel: Kernel) -> None:
    """Events of processes that were evicted from the map are filtered, and counted as unknown."""
    reply = kernel.ask("limits.crowded", {"processes": 64, "children": 200})
    traced, counters = set(reply["exits"]), reply["counters"]
    assert len(traced) == len(reply["exits"])
    assert traced <= set(reply["pids"])
    missing = len(set(reply["pids"]) - traced)
    assert 0 < missing <= counters["unknown"]
    assert counters["seen"] == counters["filtered"] + counters["submitted"] + counters["lost"]


@pytest.mark.host_only
@pytest.mark.parametrize("kind", VALUES)
def test_limits_full_tables(kernel: Kernel, kind: str) -> None:
    """The maximum number of values, over 64 scopes, fits into the maps."""
    each = MAX_VALUES // len(SCOPES)
    flags = [f"{scope}:event=getppid" for scope in SCOPES]
    for scope in SCOPES:
        values = (VALUES[kind](1 + scope * each + i) for i in range(each))
        flags.append(f"{scope}:{kind}{'=' if scope % 2 else '!='}{','.join(values)}")
    kernel.ask("limits.full", {"flags": flags})
