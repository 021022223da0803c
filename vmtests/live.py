"""A live run on every kernel: ask for it, judge it, and say what is wrong with it."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from itertools import chain
from typing import Any

from model.facts import Process
from model.scope import Binary, Scope
from tracee_ref.flags.spelling import format_scopes
from vmtests.agreement import account_errors, differences
from vmtests.disagreement import Run, table
from vmtests.ensemble import Ensemble
from vmtests.expected import Launch, Occurrence, Replay
from vmtests.handlers.live import ROOT
from vmtests.journal import Record, unpack_journal
from vmtests.plans import PROGRAMS
from vmtests.tracing import Traced
from vmtests.workload.build import workload_program
from vmtests.workload.layout import pack_plan
from vmtests.workload.plan import Compiler, Image

TRACER_COMM = b"tracee-ref"
SECONDS = 300.0
"""For one run; five emulated guests on two cores take a minute to start the tracer."""


def disagreement(ensemble: Ensemble, directory: str, root: Image, scopes: Sequence[Scope]) -> str:
    """Run a plan under scopes on all kernels; return a table for the first that is wrong."""
    plan = pack_plan(Compiler(root, directory).blocks)
    request = {
        "program": str(workload_program()),
        "directory": directory,
        "plan": base64.b64encode(plan).decode(),
        "programs": PROGRAMS,
        "options": list(chain.from_iterable(("-f", flag) for flag in format_scopes(scopes))),
        "seconds": SECONDS,
    }
    replies = ensemble.ask("live.run", request, seconds=SECONDS + 20)
    problems = (judge(name, directory, plan, scopes, reply) for name, reply in replies.items())
    return next(filter(None, problems), "")


def judge(
    kernel: str, directory: str, plan: bytes, scopes: Sequence[Scope], reply: dict[str, Any]
) -> str:
    """Return what is wrong with a run, or an empty text."""
    if reply["status"] != 0:
        return f"{kernel}: exit status {reply['status']}: {reply['stderr']}"
    records = list(unpack_journal(base64.b64decode(reply["journal"]), plan))
    occurrences = Replay(scopes, launch(directory, records, reply)).run(records)
    account = Traced(0, "", reply["stderr"]).account
    seen = [shown_event(*event) for event in reply["events"]]
    wrong = differences(occurrences, seen, account)
    errors = account_errors(occurrences, account)
    if not wrong and not errors:
        return ""
    return table(Run(kernel, scopes, records, occurrences, seen), wrong, errors)


def shown_event(name: str, mask: int, pid: int, tid: int, ppid: int, *rest: Any) -> Occurrence:
    """An event of a reply, which has ``handlers.live.FIELDS`` and the arguments."""
    return Occurrence(name, mask, pid, tid, frozenset({ppid}), *rest)


def launch(directory: str, records: Sequence[Record], reply: dict[str, Any]) -> Launch:
    """The workload before its exec: a child of the tracer, which is a Python program."""
    pid, mntns = records[0].pid, reply["mntns"]
    before = Process(
        pid=pid,
        tid=pid,
        comm=TRACER_COMM,
        binary=Binary(os.fsencode(reply["python"]), mntns),
        mntns=mntns,
    )
    argv = tuple(map(os.fsencode, (f"{directory}/{ROOT}", directory, "0")))
    return Launch(reply["tracer"], before, argv)
