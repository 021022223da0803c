# SPDX-License-Identifier: Apache-2.0
"""Verdicts on events at chosen hooks, for which the oracle needs no kernel."""

from __future__ import annotations

from typing import Any

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.oracle.reference.semantics import model_semantics
from tracee_ref.oracle.streams.verdicts import Verdicts

FLAGS = [
    "event=kprobe:vfs_unlink",
    "2:event=kprobe:vfs_unlink",
    "2:kprobe:vfs_unlink.args.dentry=*victim*",
    "3:event=kretprobe:vfs_unlink",
    "3:kretprobe:vfs_unlink.retval<0",
    "4:event=tracepoint:sched:sched_wakeup",
    "4:tracepoint:sched:sched_wakeup.args.pid>=10",
    "5:set=fs",
]


def event(name: str, result: int = 0, **arguments: Any) -> dict[str, Any]:
    args = [{"name": name, "type": "x", "value": value} for name, value in arguments.items()]
    return {
        "eventName": name, "hostProcessId": 5, "hostThreadId": 5, "userId": 0, "args": args,
        "mountNamespace": 1, "pidNamespace": 1, "processName": "rm", "hostName": "vm",
        "containerId": "", "timestamp": 1, "returnValue": result, "matchedScopes": 0,
    }  # fmt: skip


CASES = [
    (event("kprobe:vfs_unlink", dentry="/tmp/victim"), 0b00011),
    (event("kprobe:vfs_unlink", dentry="/tmp/other"), 0b00001),
    (event("kretprobe:vfs_unlink", -2), 0b00100),
    (event("kretprobe:vfs_unlink", 0), 0),
    (event("tracepoint:sched:sched_wakeup", pid=10), 0b01000),
    (event("tracepoint:sched:sched_wakeup", pid=9), 0),
    (event("openat", pathname="/x"), 0b10000),
    (event("kprobe:vfs_read"), 0),
]


@pytest.mark.parametrize(("data", "mask"), CASES)
def test_probe_event_verdict(data: dict[str, Any], mask: int) -> None:
    """The model decides on these events as on others, and no set has them."""
    assert Verdicts(model_semantics(FLAGS)).of(data) == (mask, 0, {})


def test_probe_event_pattern() -> None:
    """Which names a pattern stands for, only a kernel knows."""
    with pytest.raises(UsageError, match="invalid event to trace"):
        model_semantics(["event=kprobe:vfs_*"])
