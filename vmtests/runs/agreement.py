# SPDX-License-Identifier: Apache-2.0
"""Comparison of traced events with the expected ones, thread by thread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from vmtests.runs.occurrence import Occurrence
from vmtests.runs.tracing import Account


@dataclass(frozen=True)
class Difference:
    """The first event of a thread that differs; ``expected`` is None for a surplus event."""

    tid: int
    expected: Occurrence | None
    seen: Occurrence | None


def is_expected(expected: Occurrence, seen: Occurrence) -> bool:
    """Return whether ``seen`` is the expected event, comparing only arguments that it names."""
    args = {name: value for name, value in seen.args.items() if name in expected.args}
    same = replace(expected, ppids=seen.ppids) == replace(seen, args=args)
    return same and seen.ppids <= expected.ppids


def differences(
    occurrences: Iterable[Occurrence], seen: Iterable[Occurrence], account: Account
) -> list[Difference]:
    """Return all differences; missing events are left out if as many were counted as lost."""
    by_thread: dict[int, list[Occurrence]] = defaultdict(list)
    for event in seen:
        by_thread[event.tid].append(event)
    missing: list[Difference] = []
    for expected in occurrences:
        rest = by_thread[expected.tid]
        if expected.mask and rest and is_expected(expected, rest[0]):
            rest.pop(0)
        elif expected.mask:
            missing.append(Difference(expected.tid, expected, rest[0] if rest else None))
    surplus = [Difference(tid, None, event) for tid, rest in by_thread.items() for event in rest]
    return surplus if len(missing) == account.lost else missing + surplus


def account_errors(occurrences: Sequence[Occurrence], account: Account) -> list[str]:
    """Return errors of the counts; the kernel must have seen every selected event."""
    errors = []
    if not account.balances():
        errors.append(f"the account does not balance: {account}")
    if account.dropped:
        errors.append(f"{account.dropped} records could not be decoded")
    if account.seen != len(occurrences):
        errors.append(f"{len(occurrences)} selected events happened, {account.seen} were seen")
    return errors
