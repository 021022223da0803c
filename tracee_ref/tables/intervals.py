# SPDX-License-Identifier: Apache-2.0
"""Interval tables of uids and pids: the compared numbers split the u32 range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import xor
from typing import Final

from ..model.facts import Process
from ..model.predicates import process_predicate
from ..model.scope import Condition, Key, Op, Scope

U32_COUNT: Final = 1 << 32
ALL_SCOPES: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Intervals:
    """Interval i is from ``bounds[i]`` (the first is 0) to the next bound.

    Each column has one mask for each interval.
    """

    bounds: Sequence[int]
    columns: Sequence[Sequence[int]]


def has_ordering(scopes: Sequence[Scope], key: Key) -> bool:
    """Return whether any scope compares the key by ``<``, ``<=``, ``>`` or ``>=``."""
    return any(_is_ordering(c.op) for scope in scopes for c in scope.process.get(key, ()))


def intervals(scopes: Sequence[Scope], key: Key) -> Intervals:
    """Return the table of uids or of pids."""
    return uid_intervals(scopes) if key is Key.UID else pid_intervals(scopes)


def uid_intervals(scopes: Sequence[Scope]) -> Intervals:
    """Return the intervals of uids, with one column (rule 9)."""
    bounds = _bounds(scopes, Key.UID)
    return Intervals(bounds, [_column(scopes, Key.UID, bounds, _is_any, _process_with_uid)])


def pid_intervals(scopes: Sequence[Scope]) -> Intervals:
    """Return the intervals of pids, with a column for ``=``, for ``!=``, and for the others.

    They are separate because the pid and the tgid of a task combine differently in each
    (rule 9).
    """
    bounds = _bounds(scopes, Key.PID)
    ops = (_is_equal, _is_unequal, _is_ordering)
    return Intervals(
        bounds, [_column(scopes, Key.PID, bounds, op, _process_with_pid) for op in ops]
    )


def _bounds(scopes: Sequence[Scope], key: Key) -> list[int]:
    conditions = (c for scope in scopes for c in scope.process.get(key, ()))
    return sorted({0}.union(*map(_turning_points, conditions)))


def _turning_points(condition: Condition) -> list[int]:
    """Return the numbers where the result of a condition may change: its value and the next."""
    value = condition.value
    if not isinstance(value, int):
        return []
    return [value, value + 1] if value + 1 < U32_COUNT else [value]


def _column(
    scopes: Sequence[Scope],
    key: Key,
    bounds: Sequence[int],
    has_op: Callable[[Op], bool],
    process_of: Callable[[int], Process],
) -> list[int]:
    """Return the masks of all intervals.

    Each scope is evaluated at its own bounds only: the bits that flip there are collected, and
    XORed from the first interval to the last.
    """
    index_of = {bound: index for index, bound in enumerate(bounds)}
    flips = [0] * len(bounds)
    flips[0] = ALL_SCOPES
    for scope in scopes:
        conditions = [c for c in scope.process.get(key, ()) if has_op(c.op)]
        before = True
        for bound, holds in _results(conditions, process_of):
            if holds is not before:
                flips[index_of[bound]] ^= scope.bit
            before = holds
    return list(accumulate(flips, xor))


def _results(
    conditions: Sequence[Condition], process_of: Callable[[int], Process]
) -> Iterator[tuple[int, bool]]:
    """Yield each bound of the conditions of one scope, and whether they hold from there on.

    Each condition is evaluated at its own turning points only: all conditions at all bounds take
    seconds if a scope has thousands of values.
    """
    has_equal = any(c.op is Op.EQ for c in conditions)
    matched, failed = Counter[int](), Counter[int]()
    for condition in conditions:
        holds, equal = process_predicate(condition), condition.op is Op.EQ
        before = not equal  # below 0 no alternative matches and no condition fails
        for bound in sorted({0, *_turning_points(condition)}):
            now = holds(process_of(bound))
            if equal:
                matched[bound] += now - before
            else:
                failed[bound] += before - now
            before = now
    alternatives = failures = 0
    for bound in sorted({0} | matched.keys() | failed.keys()):
        alternatives, failures = alternatives + matched[bound], failures + failed[bound]
        yield bound, not failures and (alternatives > 0 or not has_equal)


def _process_with_uid(value: int) -> Process:
    return Process(uid=value)


def _process_with_pid(value: int) -> Process:
    return Process(pid=value, tid=value)


def _is_any(_: Op) -> bool:
    return True


def _is_equal(op: Op) -> bool:
    return op is Op.EQ


def _is_unequal(op: Op) -> bool:
    return op is Op.NE


def _is_ordering(op: Op) -> bool:
    return op not in (Op.EQ, Op.NE)
