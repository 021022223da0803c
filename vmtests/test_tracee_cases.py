# SPDX-License-Identifier: Apache-2.0
"""Integration cases of Tracee v0.12: expected events and masks of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from vmtests.lab.kernel import Kernel
from vmtests.runs.tracee_cases import Case, Outcome, Seen, load_cases, mismatches
from vmtests.runs.tracing import TIMEOUT_SECONDS, Traced

CASES = load_cases()
TOGETHER = [case for case in CASES if case.together]
BESIDE_SECONDS = 400.0
"""Timeout of a run with a container: runc is slow in an emulated guest."""

ROW = re.compile(r"[0-9:]+ +([0-9a-f]{16}) ")


def line(case: Case) -> str:
    return str(case.line)


@pytest.fixture(scope="session")
def shared() -> dict[str, Outcome]:
    """Return the outcomes by kernel of the run that several cases share."""
    return {}


@pytest.mark.host_only
@pytest.mark.parametrize("case", [case for case in CASES if not case.guest], ids=line)
def test_cases_as_command(kernel: Kernel, case: Case) -> None:
    """The commands of a case run as COMMAND."""
    assert not list(mismatches(case.expect, as_command(kernel, case)))


@pytest.mark.guest_only
@pytest.mark.parametrize("case", [case for case in CASES if not case.together], ids=line)
def test_cases_alone(kernel: Kernel, case: Case) -> None:
    """The tracer runs without COMMAND, with one case."""
    assert not list(mismatches(case.expect, beside(kernel, case.flags, [case])))


@pytest.mark.guest_only
@pytest.mark.parametrize("case", TOGETHER, ids=line)
def test_cases_as_one_scope_of_many(kernel: Kernel, shared: dict[str, Outcome], case: Case) -> None:
    """Several cases run together, each in a scope of its own."""
    if kernel.name not in shared:
        flags = [f"{n}:{flag}" for n, other in enumerate(TOGETHER, 1) for flag in other.flags]
        shared[kernel.name] = beside(kernel, flags, TOGETHER)
    outcome = shared[kernel.name].in_scope(TOGETHER.index(case) + 1)
    assert not list(mismatches(case.expect, outcome))


def as_command(kernel: Kernel, case: Case) -> Outcome:
    """Run a case on this machine, where only the command may be traced."""
    request = {"flags": case.flags, "commands": case.commands, "seconds": TIMEOUT_SECONDS}
    return outcome(kernel.ask("cases.as_command", request, seconds=TIMEOUT_SECONDS + 10))


def beside(kernel: Kernel, flags: Sequence[str], cases: Sequence[Case]) -> Outcome:
    """Run cases without COMMAND: all processes are traced."""
    request = {
        "flags": [*flags],
        "commands": commands(cases),
        "daemon": any(case.daemon for case in cases),
        "container": any(case.container for case in cases),
    }
    return outcome(kernel.ask("cases.beside", request, seconds=BESIDE_SECONDS))


def commands(cases: Sequence[Case]) -> list[str]:
    """Return the commands of the cases without duplicates."""
    return list(dict.fromkeys(command for case in cases for command in case.commands))


def outcome(reply: dict[str, Any]) -> Outcome:
    """Return the outcome of a run; its JSON events and table rows must have the same masks."""
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
