# SPDX-License-Identifier: Apache-2.0
"""Comparison of outcomes with Tracee's integration cases finds every difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from vmtests.runs.tracee_cases import (
    Case,
    Expectation,
    ExpectedEvent,
    Outcome,
    Seen,
    load_cases,
    mismatches,
)

CASES = load_cases()
GOOD = {
    "eventName": "openat", "processName": "ls", "userId": 0, "syscall": "openat",
    "containerId": "c0", "hostProcessId": 7, "threadStartTime": 100,
    "args": [{"name": "pathname", "value": "/usr/bin/ls"}, {"name": "dirfd", "value": None}],
}  # fmt: skip
EXPECTED = ExpectedEvent(
    event="openat", comm="ls", uid=0, syscall="openat", set="fs", container=True, daemon=True,
    new=True, args={"pathname": "/usr*"}, mask=2, hex=f"{2:016x}",
)  # fmt: skip


def outcome(*events: Mapping[str, Any], mask: int = 2, scopes: str = f"{2:016x}") -> Outcome:
    return Outcome([Seen(event, mask, scopes) for event in events], 99, 7, "c0")


def count_mismatches(expect: Expectation, found: Outcome) -> int:
    return len(list(mismatches(expect, found)))


EVERY = Expectation(events=(EXPECTED,))


@pytest.mark.parametrize(
    "bad",
    [
        {"eventName": "close"},
        {"processName": "cat"},
        {"userId": 1},
        {"syscall": ""},
        {"eventName": "getppid"},
        {"containerId": ""},
        {"hostProcessId": 8},
        {"threadStartTime": 99},
        {"args": [{"name": "pathname", "value": None}]},
        {"args": [{"name": "pathname", "value": "/bin"}]},
    ],
)
def test_cases_compare_every_field(bad: dict[str, Any]) -> None:
    assert count_mismatches(EVERY, outcome(GOOD)) == 0
    assert count_mismatches(EVERY, outcome(GOOD, GOOD | bad)) == 1


def test_cases_compare_masks() -> None:
    assert count_mismatches(EVERY, outcome(GOOD, mask=3)) == 1
    assert count_mismatches(EVERY, outcome(GOOD, scopes="2")) == 1


def test_cases_compare_order_and_number() -> None:
    exits = tuple(ExpectedEvent(comm=comm) for comm in ("ls", "uname"))
    first, second = GOOD, GOOD | {"processName": "uname"}
    assert count_mismatches(Expectation(order=exits), outcome(first, second)) == 0
    for events in [(second, first), (first,), (first, second, second), ()]:
        assert count_mismatches(Expectation(order=exits), outcome(*events)) == 1
    assert count_mismatches(Expectation(order=()), outcome(first)) == 1


def test_cases_compare_missing_event() -> None:
    assert count_mismatches(Expectation(events=(EXPECTED,), contains=(EXPECTED,)), outcome()) == 1


def test_cases_outcome_in_scope() -> None:
    seen = outcome(GOOD, mask=0b101).in_scope(3).seen
    assert [(event.mask, event.scopes) for event in seen] == [(1, "0000000000000001")]
    assert not outcome(GOOD, mask=0b101).in_scope(2).seen


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.line))
def test_cases_reject_stray_event(case: Case) -> None:
    """Each case has exact masks, and rejects an unrelated event and an empty outcome."""
    stray = GOOD | {"eventName": "close", "processName": "stray", "threadStartTime": 0}
    found = outcome(stray, mask=1 << 60, scopes=f"{1 << 60:016x}")
    assert count_mismatches(case.expect, found)
    assert case.expect.order == () or count_mismatches(case.expect, outcome())
    for expected in (*case.expect.events, *(case.expect.order or ())):
        assert expected.mask is not None
        assert expected.hex == f"{expected.mask:016x}"
