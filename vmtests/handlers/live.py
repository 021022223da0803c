"""Requests for live runs: the tracer with a workload under it, and what both wrote."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

from model.filters import HOST_MNTNS
from tracee_ref.filters.spelling import format_scopes
from vmtests.handlers import Reply, handler, tracing
from vmtests.lab.wire import unpack
from vmtests.runs.launch import launch_facts, own_cgroup
from vmtests.workload.layout import JOURNAL, empty_journal, used_bytes
from vmtests.workload.plan import CGROUP_LINK, MNTNS_LINK

ROOT = "workload"
"""The name under which the tracer starts the program."""

UNREADABLE = "<unreadable>"
"""What a disagreement shows in the place of a value that the tracer could not read."""

RECORDS = 65536
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
    program: str,
    directory: str,
    plan: str,
    programs: Sequence[str],
    scopes: str,
    seconds: float,
) -> Reply:
    """Trace a plan (base64): events, journal (base64), and what the tracer said of itself.

    ``directory`` is made and removed; the program is put there under all the names.  What the
    drawn ``scopes`` (packed) left open is decided here; the reply has those ``facts``.
    """
    place = Path(directory)
    place.mkdir(exist_ok=True)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, place)
        prepare(place, program, base64.b64decode(plan), [ROOT, *programs])
        (place / MNTNS_LINK).symlink_to(f"/proc/{os.getpid()}/ns/mnt")
        (place / CGROUP_LINK).symlink_to(stack.enter_context(own_cgroup(place.name)))
        facts = launch_facts(directory)
        as_flags = {**facts, "host": HOST_MNTNS} if facts["host_readable"] else facts
        flags = format_scopes([drawn.resolve(as_flags) for drawn in unpack(scopes)])
        options = list(chain.from_iterable(("-f", flag) for flag in flags))
        return {**trace(place, options, seconds), "facts": facts}


def prepare(place: Path, program: str, plan: bytes, names: Sequence[str]) -> None:
    """Write the files of a run; copies of the program share one inode."""
    copy = place / "program"
    shutil.copy(program, copy)
    for name in dict.fromkeys(names):
        (place / name).hardlink_to(copy)
    (place / "plan").write_bytes(plan)
    head, size = empty_journal(RECORDS)
    (place / "journal").write_bytes(head)
    os.truncate(place / "journal", size)


def trace(place: Path, options: Sequence[str], seconds: float) -> Reply:
    """Run the tracer; what hangs is ended with all of its session."""
    events = place / "events.json"
    argv = [*options, "-o", f"json:{events}", "--", f"{place}/{ROOT}", str(place), "0"]
    traced = tracing.run(argv=argv, seconds=seconds)
    lines = events.read_text().splitlines() if events.exists() else []
    return {
        "status": traced["exit"],
        "stderr": traced["stderr"],
        "events": [shortened(json.loads(line)) for line in lines],
        "journal": base64.b64encode(used_journal(place / "journal")).decode(),
        "tracer": traced["pid"],
        "python": os.path.realpath(sys.executable),
    }


def used_journal(path: Path) -> bytes:
    """The part of a journal that has something in it."""
    with path.open("rb") as file:
        head = file.read(JOURNAL.size)
        return head + file.read(used_bytes(head) - len(head))


def shortened(event: dict[str, Any]) -> list[Any]:
    """The fields that are compared, and the arguments by name."""
    args = {
        argument["name"]: UNREADABLE if argument.get("unreadable") else argument["value"]
        for argument in event["args"]
    }
    return [*(event[name] for name in FIELDS), args]
