# SPDX-License-Identifier: Apache-2.0
"""Builders of events in the JSON form, for tests of the oracle."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from tracee_ref.model.facts import Process

Traced: TypeAlias = dict[str, Any]

BASE: Traced = {
    "timestamp": 1_700_000_000_000_000_000, "threadStartTime": 1, "processorId": 0, "processId": 7,
    "cgroupId": 1, "threadId": 7, "parentProcessId": 1, "hostProcessId": 7, "hostThreadId": 7,
    "hostParentProcessId": 1, "userId": 0, "mountNamespace": 3, "pidNamespace": 4,
    "processName": "ls", "hostName": "web", "containerId": "", "containerImage": "",
    "containerName": "", "podName": "", "podNamespace": "", "podUID": "", "podSandbox": False,
    "eventId": "257", "eventName": "openat", "matchedScopes": 1, "argsNum": 0, "returnValue": 3,
    "syscall": "openat", "stackAddresses": None,
    "contextFlags": {"containerStarted": False, "isCompat": False}, "args": [],
}  # fmt: skip


def traced(name: str = "openat", mask: int = 1, /, **fields: Any) -> Traced:
    """Return an event; ``args`` maps names to values."""
    args = fields.pop("args", {})
    listed = [{"name": name, "type": "", "value": value} for name, value in args.items()]
    return BASE | {"eventName": name, "matchedScopes": mask, "args": listed} | fields


def of_process(process: Process, name: str, mask: int, **args: Any) -> Traced:
    """Return an event with the JSON fields of a process."""
    return traced(
        name, mask,
        hostProcessId=process.pid, hostThreadId=process.tid, userId=process.uid,
        processName=process.comm.decode(), hostName=process.uts.decode(),
        mountNamespace=process.mntns, pidNamespace=process.pidns,
        containerId=process.container.id if process.container else "", args=args,
    )  # fmt: skip


def fork(parent: int, child: int, mask: int = 1, **fields: Any) -> Traced:
    """Return a fork."""
    args = {"parent_pid": parent, "child_pid": child, "child_tid": child}
    return traced("sched_process_fork", mask, hostProcessId=parent, args=args, **fields)


def exec_(pid: int, path: str, mask: int = 1, **fields: Any) -> Traced:
    """Return an exec."""
    args = {"pathname": path}
    return traced("sched_process_exec", mask, hostProcessId=pid, args=args, **fields)


def exit_(pid: int, mask: int = 1, **fields: Any) -> Traced:
    """Return the exit of a process."""
    args = {"exit_code": 0, "process_group_exit": True}
    return traced("sched_process_exit", mask, hostProcessId=pid, args=args, **fields)


def written(path: Path, events: Iterable[Mapping[str, Any]]) -> Path:
    """Write events as lines of JSON; return the path."""
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path
