# SPDX-License-Identifier: Apache-2.0
"""Whether the tests of upstream's cases would notice what is not as the cases expect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from vmtests.runs.tracee_cases import (
    Case,
    Expectation,
    Outcome,
    Seen,
    Wanted,
    complaints,
    load_cases,
)

CASES = load_cases()
GOOD = {
    "eventName": "openat", "processName": "ls", "userId": 0, "syscall": "openat",
    "containerId": "c0", "hostProcessId": 7, "threadStartTime": 100,
    "args": [{"name": "pathname", "value": "/usr/bin/ls"}, {"name": "dirfd", "value": None}],
}  # fmt: skip
WANTED = Wanted(
    event="openat", comm="ls", uid=0, syscall="openat", set="fs", container=True, daemon=True,
    new=True, text={"pathname": "/usr*"}, mask=2, hex=f"{2:016x}",
)  # fmt: skip


def outcome(*events: Mapping[str, Any], mask: int = 2, scopes: str = f"{2:016x}") -> Outcome:
    return Outcome([Seen(one, mask, scopes) for one in events], 99, 7, "c0")


def wrong(expect: Expectation, found: Outcome) -> int:
    return len(list(complaints(expect, found)))


EVERY = Expectation(events=(WANTED,))


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
def test_every_field_counts(bad: dict[str, Any]) -> None:
    assert wrong(EVERY, outcome(GOOD)) == 0
    assert wrong(EVERY, outcome(GOOD, GOOD | bad)) == 1


def test_masks_count() -> None:
    assert wrong(EVERY, outcome(GOOD, mask=3)) == 1
    assert wrong(EVERY, outcome(GOOD, scopes="2")) == 1


def test_order_and_number_count() -> None:
    exits = tuple(Wanted(comm=comm) for comm in ("ls", "uname"))
    first, second = GOOD, GOOD | {"processName": "uname"}
    assert wrong(Expectation(order=exits), outcome(first, second)) == 0
    for events in [(second, first), (first,), (first, second, second), ()]:
        assert wrong(Expectation(order=exits), outcome(*events)) == 1
    assert wrong(Expectation(order=()), outcome(first)) == 1


def test_some_must_be_there() -> None:
    assert wrong(Expectation(events=(WANTED,), some=(WANTED,)), outcome()) == 1


def test_a_scope_of_several_alone() -> None:
    seen = outcome(GOOD, mask=0b101).in_scope(3).seen
    assert [(one.mask, one.scopes) for one in seen] == [(1, "0000000000000001")]
    assert not outcome(GOOD, mask=0b101).in_scope(2).seen


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.line))
def test_no_case_is_met_by_anything(case: Case) -> None:
    """Each says of masks what its scopes give, and is not content with nothing and any event."""
    stray = GOOD | {"eventName": "close", "processName": "stray", "threadStartTime": 0}
    found = outcome(stray, mask=1 << 60, scopes=f"{1 << 60:016x}")
    assert wrong(case.expect, found)
    assert case.expect.order == () or wrong(case.expect, outcome())
    for wanted in (*case.expect.events, *(case.expect.order or ())):
        assert wanted.mask is not None
        assert wanted.hex == f"{wanted.mask:016x}"
