# SPDX-License-Identifier: Apache-2.0
"""Live run of a workload plan on every kernel, compared with the model."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from tracee_ref.model.facts import Process
from tracee_ref.model.lifecycle import Start
from tracee_ref.model.scope import Binary
from vmtests.handlers.live import ROOT
from vmtests.lab.ensemble import Ensemble
from vmtests.lab.wire import pack
from vmtests.plans.scope_drafts import DrawnScope
from vmtests.plans.steps import EXECUTABLES
from vmtests.runs.agreement import account_errors, differences
from vmtests.runs.disagreement import Run, table
from vmtests.runs.expected import UTS_BYTES, Launch, Replay
from vmtests.runs.journal import JournalStep, unpack_journal
from vmtests.runs.occurrence import Occurrence
from vmtests.runs.tracing import Traced
from vmtests.workload.build import workload_program
from vmtests.workload.layout import Kind, pack_plan
from vmtests.workload.plan import Compiler, Image

TRACER_COMM = b"tracee-ref"
LAST_STEPS = {Kind.EXIT, Kind.EXIT_GROUP, Kind.DIE, Kind.EXEC}
"""Steps that do not return."""

TIMEOUT_SECONDS = 300.0
"""Timeout of one run; five emulated guests on two cores take a minute to start the tracer."""


class LiveRun:
    """A plan traced under scopes on all kernels; constructing it queues the requests."""

    def __init__(
        self, ensemble: Ensemble, directory: str, root: Image, drawn: Sequence[DrawnScope]
    ) -> None:
        self._plan = pack_plan(Compiler(root, directory).blocks)
        self._drawn = drawn
        request = {
            "workload": str(workload_program()),
            "directory": directory,
            "plan": base64.b64encode(self._plan).decode(),
            "executables": EXECUTABLES,
            "scopes": pack(tuple(drawn)),
            "seconds": TIMEOUT_SECONDS,
        }
        self._replies = ensemble.submit("live.run", request, seconds=TIMEOUT_SECONDS + 20)

    def disagreement(self) -> str:
        """Wait for the kernels; return the report of the first that differs, or an empty string."""
        problems = (
            check(name, self._plan, self._drawn, reply.result())
            for name, reply in self._replies.items()
        )
        return next(filter(None, problems), "")

    def cancel(self) -> None:
        """Cancel the requests that no kernel has started."""
        for reply in self._replies.values():
            reply.cancel()


def check(kernel: str, plan: bytes, drawn: Sequence[DrawnScope], reply: dict[str, Any]) -> str:
    """Return the report of a run that differs from the model, or an empty string."""
    steps = list(unpack_journal(base64.b64decode(reply["journal"]), plan))
    if reply["status"] != 0:
        lines = [f"{kernel}: exit status {reply['status']}: {reply['stderr']}"]
        return "\n".join([*lines, *unfinished_steps(steps)])
    scopes = [scope.resolve(reply["facts"]) for scope in drawn]
    occurrences = Replay(scopes, launch(steps[0].pid, reply)).run(steps)
    account = Traced(0, "", reply["stderr"]).account
    seen = [traced_event(*event) for event in reply["events"]]
    wrong = differences(occurrences, seen, account)
    errors = account_errors(occurrences, account)
    if not wrong and not errors:
        return ""
    return table(Run(kernel, scopes, steps, occurrences, seen), wrong, errors)


def unfinished_steps(steps: Sequence[JournalStep]) -> list[str]:
    """Return all steps of the processes in which a thread has not reached its last step."""
    last = {step.tid: step for step in steps}
    unfinished = {r.pid for r in last.values() if r.returned or r.kind not in LAST_STEPS}
    return [f"  {step}" for step in steps if step.pid in unfinished]


def traced_event(name: str, mask: int, pid: int, tid: int, ppid: int, *rest: Any) -> Occurrence:
    """Return an event of a reply, which has ``handlers.live.FIELDS`` and the arguments."""
    return Occurrence(name, mask, pid, tid, frozenset({ppid}), *rest)


def launch(pid: int, reply: dict[str, Any]) -> Launch:
    """Return the launch with the tracer, which Python executes, and its ancestors."""
    facts = reply["facts"]
    tracer = Process(
        pid=reply["tracer"],
        tid=reply["tracer"],
        comm=TRACER_COMM,
        uts=os.fsencode(facts["uts"])[:UTS_BYTES],
        mntns=facts["mntns"],
        pidns=facts["pidns"],
        binary=Binary(os.fsencode(reply["python"]), facts["mntns"]),
        tracer=True,
    )
    above = [*facts["ancestors"], 0]
    older = [Start(Process(pid=pid_, tid=pid_), parent) for pid_, parent in pairwise(above)]
    directory = facts["directory"]
    argv = tuple(map(os.fsencode, (f"{directory}/{ROOT}", directory, "0")))
    return Launch(older, Start(tracer, above[0]), pid, argv)
