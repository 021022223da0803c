"""Requests for live runs: the tracer with a workload under it, and what both wrote."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vmtests.handlers import Reply, handler
from vmtests.workload.layout import JOURNAL, empty_journal, used_bytes

ROOT = "workload"
"""The name under which the tracer starts the program."""

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
)


@handler
def run(
    *,
    program: str,
    directory: str,
    plan: str,
    programs: Sequence[str],
    options: Sequence[str],
    seconds: float,
) -> Reply:
    """Trace a plan (base64): events, journal (base64), and what the tracer said of itself.

    ``directory`` is made and removed; the program is put there under all the names.
    """
    place = Path(directory)
    place.mkdir(exist_ok=True)
    try:
        prepare(place, program, base64.b64decode(plan), [ROOT, *programs])
        reply = trace(place, options, seconds)
    finally:
        shutil.rmtree(place)
    return reply


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
    """Run the tracer; its own process group, so that a workload that hangs is ended too."""
    tracer = str(Path(sys.executable).parent / "tracee-ref")
    events = place / "events.json"
    argv = [tracer, *options, "-o", f"json:{events}", "--", f"{place}/{ROOT}", str(place), "0"]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, start_new_session=True)
    try:
        stderr = process.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stderr = process.communicate()[1] + f"no end in {seconds:g} s".encode()
    lines = events.read_text().splitlines() if events.exists() else []
    return {
        "status": process.returncode,
        "stderr": stderr.decode(errors="backslashreplace"),
        "events": [shortened(json.loads(line)) for line in lines],
        "journal": base64.b64encode(used_journal(place / "journal")).decode(),
        "tracer": process.pid,
        "python": os.path.realpath(sys.executable),
        "mntns": Path("/proc/self/ns/mnt").stat().st_ino,
    }


def used_journal(path: Path) -> bytes:
    """The part of a journal that has something in it."""
    with path.open("rb") as file:
        head = file.read(JOURNAL.size)
        return head + file.read(used_bytes(head) - len(head))


def shortened(event: dict[str, Any]) -> list[Any]:
    """The fields that are compared, and the arguments by name."""
    args = {argument["name"]: argument["value"] for argument in event["args"]}
    return [*(event[name] for name in FIELDS), args]
