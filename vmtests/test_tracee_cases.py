# SPDX-License-Identifier: Apache-2.0
"""Upstream's integration cases, carried out: every one gives the events and masks it expects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracee_cases import Case, Outcome, Seen, complaints, load_cases
from vmtests.runs.tracing import TIMEOUT_SECONDS, Traced

CASES = load_cases()
TOGETHER = [case for case in CASES if case.together]
BESIDE_SECONDS = 400.0
"""For a run that makes a container: runc takes an emulated guest long."""

ROW = re.compile(r"[0-9:]+ +([0-9a-f]{16}) ")


def line(case: Case) -> str:
    return str(case.line)


@pytest.fixture(scope="session")
def shared() -> dict[str, Outcome]:
    """By kernel, the outcome of the run that several cases share."""
    return {}


def require_events(case: Case) -> None:
    if missing := case.missing_events():
        pytest.skip(f"the tracer cannot deliver {', '.join(missing)} yet")


@pytest.mark.host_only
@pytest.mark.parametrize("case", [case for case in CASES if not case.guest], ids=line)
def test_cases_as_command(kernel: Kernel, case: Case) -> None:
    require_events(case)
    assert not list(complaints(case.expect, as_command(kernel, case)))


@pytest.mark.guest_only
@pytest.mark.parametrize("case", [case for case in CASES if not case.together], ids=line)
def test_cases_alone(kernel: Kernel, case: Case) -> None:
    require_events(case)
    assert not list(complaints(case.expect, beside(kernel, case.flags, [case])))


@pytest.mark.guest_only
@pytest.mark.parametrize("case", TOGETHER, ids=line)
def test_cases_as_one_scope_of_many(kernel: Kernel, shared: dict[str, Outcome], case: Case) -> None:
    require_events(case)
    cases = [one for one in TOGETHER if not one.missing_events()]
    if kernel.name not in shared:
        flags = [f"{n}:{flag}" for n, one in enumerate(cases, 1) for flag in one.flags]
        shared[kernel.name] = beside(kernel, flags, cases)
    outcome = shared[kernel.name].in_scope(cases.index(case) + 1)
    assert not list(complaints(case.expect, outcome))


def as_command(kernel: Kernel, case: Case) -> Outcome:
    """The run on this machine, where only what we start may be traced."""
    request = {"flags": case.flags, "commands": case.commands, "seconds": TIMEOUT_SECONDS}
    return outcome(kernel.ask("cases.as_command", request, seconds=TIMEOUT_SECONDS + 10))


def beside(kernel: Kernel, flags: Sequence[str], cases: Sequence[Case]) -> Outcome:
    """The run without a COMMAND: everything that happens is traced."""
    request = {
        "flags": [*flags],
        "commands": commands(cases),
        "daemon": any(case.daemon for case in cases),
        "container": any(case.container for case in cases),
    }
    return outcome(kernel.ask("cases.beside", request, seconds=BESIDE_SECONDS))


def commands(cases: Sequence[Case]) -> list[str]:
    """The commands of the cases, each once."""
    return list(dict.fromkeys(command for case in cases for command in case.commands))


def outcome(reply: dict[str, Any]) -> Outcome:
    """The events of a run, in JSON and as rows of the table, which must go together."""
    traced = Traced.from_reply(reply)
    assert traced.status == 0, traced.stderr
    assert traced.account.balances()
    assert len(traced.events) == traced.account.delivered
    assert traced.account.lost == traced.account.dropped == 0, traced.stderr
    scopes = [found[1] for line in reply["table"].splitlines() if (found := ROW.match(line))]
    masks = [event["matchedScopes"] for event in traced.events]
    assert scopes == [f"{mask:016x}" for mask in masks]
    seen = list(map(Seen, traced.events, masks, scopes))
    return Outcome(seen, reply["start_time"], reply.get("daemon"), reply.get("container"))
