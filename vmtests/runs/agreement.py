"""Comparing what the tracer showed with what the model expected, thread by thread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from vmtests.runs.occurrence import Occurrence
from vmtests.runs.tracing import Account


@dataclass(frozen=True)
class Difference:
    """Where a thread's events part: ``expected`` is None for one too many."""

    tid: int
    expected: Occurrence | None
    seen: Occurrence | None


def is_expected(expected: Occurrence, seen: Occurrence) -> bool:
    """Whether an event is the expected one; it may have more arguments than are compared."""
    args = {name: value for name, value in seen.args.items() if name in expected.args}
    same = replace(expected, ppids=seen.ppids) == replace(seen, args=args)
    return same and seen.ppids <= expected.ppids


def differences(
    occurrences: Iterable[Occurrence], seen: Iterable[Occurrence], account: Account
) -> list[Difference]:
    """Every difference; events that are missing are none if they are all counted as lost."""
    by_thread: dict[int, list[Occurrence]] = defaultdict(list)
    for event in seen:
        by_thread[event.tid].append(event)
    missing: list[Difference] = []
    for one in occurrences:
        rest = by_thread[one.tid]
        if one.mask and rest and is_expected(one, rest[0]):
            rest.pop(0)
        elif one.mask:
            missing.append(Difference(one.tid, one, rest[0] if rest else None))
    wrong = [Difference(tid, None, event) for tid, rest in by_thread.items() for event in rest]
    return wrong if len(missing) == account.lost else missing + wrong


def account_errors(occurrences: Sequence[Occurrence], account: Account) -> list[str]:
    """What is wrong with the sums; every event that a scope selected was seen by the kernel."""
    errors = []
    if not account.balances():
        errors.append(f"the account does not balance: {account}")
    if account.dropped:
        errors.append(f"{account.dropped} records could not be decoded")
    if account.seen != len(occurrences):
        errors.append(f"{len(occurrences)} selected events happened, {account.seen} were seen")
    return errors
