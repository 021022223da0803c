# SPDX-License-Identifier: Apache-2.0
"""Live runs: the tracer with the workload program as its command."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

from tracee_ref.filters.format import format_scopes
from tracee_ref.model.filters import HOST_MNTNS
from vmtests.handlers import Reply, handler, tracing
from vmtests.lab.wire import unpack
from vmtests.runs.launch import launch_facts, own_cgroup
from vmtests.workload.layout import JOURNAL, empty_journal, used_bytes
from vmtests.workload.plan import CGROUP_LINK, MNTNS_LINK

ROOT = "workload"
"""File name of the workload that the tracer executes."""

UNREADABLE = "<unreadable>"
"""Printed in a disagreement for a value that the tracer could not read."""

JOURNAL_CAPACITY = 65536
FIELDS = (
    "eventName",
    "matchedScopes",
    "hostProcessId",
    "hostThreadId",
    "hostParentProcessId",
    "userId",
    "processName",
    "returnValue",
    "hostName",
    "mountNamespace",
    "pidNamespace",
    "processId",
    "threadId",
)


@handler
def run(
    *,
    workload: str,
    directory: str,
    plan: str,
    executables: Sequence[str],
    scopes: str,
    seconds: float,
) -> Reply:
    """Trace a plan (base64); return events, journal (base64) and the tracer's stderr.

    ``directory`` is created and removed; the workload is linked there under all names.  The drawn
    ``scopes`` (packed) are resolved here by ``facts``, which the reply has too.
    """
    path = Path(directory)
    path.mkdir(exist_ok=True)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, path)
        prepare(path, workload, base64.b64decode(plan), [ROOT, *executables])
        (path / MNTNS_LINK).symlink_to(f"/proc/{os.getpid()}/ns/mnt")
        (path / CGROUP_LINK).symlink_to(stack.enter_context(own_cgroup(path.name)))
        facts = launch_facts(directory)
        as_flags = {**facts, "host": HOST_MNTNS} if facts["host_readable"] else facts
        flags = format_scopes([drawn.resolve(as_flags) for drawn in unpack(scopes)])
        options = list(chain.from_iterable(("-f", flag) for flag in flags))
        return {**trace(path, options, seconds), "facts": facts}


def prepare(directory: Path, workload: str, plan: bytes, names: Sequence[str]) -> None:
    """Write the files of a run; the names of the workload are hard links."""
    copy = directory / "executable"
    shutil.copy(workload, copy)
    for name in dict.fromkeys(names):
        (directory / name).hardlink_to(copy)
    (directory / "plan").write_bytes(plan)
    head, size = empty_journal(JOURNAL_CAPACITY)
    (directory / "journal").write_bytes(head)
    os.truncate(directory / "journal", size)


def trace(directory: Path, options: Sequence[str], seconds: float) -> Reply:
    """Run the tracer, and read its events and the journal; kill its session at a timeout."""
    events = directory / "events.json"
    argv = [*options, "-o", f"json:{events}", "--", f"{directory}/{ROOT}", str(directory), "0"]
    traced = tracing.run(argv=argv, seconds=seconds)
    lines = events.read_text().splitlines() if events.exists() else []
    return {
        "status": traced["exit"],
        "stderr": traced["stderr"],
        "events": [shortened(json.loads(line)) for line in lines],
        "journal": base64.b64encode(used_journal(directory / "journal")).decode(),
        "tracer": traced["pid"],
        "python": os.path.realpath(sys.executable),
    }


def used_journal(path: Path) -> bytes:
    """Return the head and the used entries of a journal."""
    with path.open("rb") as file:
        head = file.read(JOURNAL.size)
        return head + file.read(used_bytes(head) - len(head))


def shortened(event: dict[str, Any]) -> list[Any]:
    """Return the values of FIELDS, the arguments by name, and those that changed."""
    changed = values_of(event.get("argsAtReturn", ()))
    assert [*changed] == event.get("argsChanged", []), event
    return [*(event[name] for name in FIELDS), values_of(event["args"]), changed]


def values_of(arguments: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {
        argument["name"]: UNREADABLE if argument.get("unreadable") else argument["value"]
        for argument in arguments
    }
