# SPDX-License-Identifier: Apache-2.0
"""Interval tables, for orders: the bounds that all scopes mention cut the u32 line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import xor
from typing import Final

from model.facts import Process
from model.scope import Condition, Key, Op, Scope
from model.tests_of import process_test

U32: Final = 1 << 32
ALL: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Intervals:
    """Stretch i runs from ``bounds[i]`` (the first is 0) to the next; columns give its masks."""

    bounds: Sequence[int]
    columns: Sequence[Sequence[int]]


def has_orders(scopes: Sequence[Scope], key: Key) -> bool:
    """Whether any scope uses an order with this key."""
    return any(_order(c.op) for scope in scopes for c in scope.process.get(key, ()))


def intervals(scopes: Sequence[Scope], key: Key) -> Intervals:
    """Return the table of uids or of pids."""
    return uid_intervals(scopes) if key is Key.UID else pid_intervals(scopes)


def uid_intervals(scopes: Sequence[Scope]) -> Intervals:
    """Return the mask of every uid, as one column (rule 9)."""
    bounds = _bounds(scopes, Key.UID)
    return Intervals(bounds, [_column(scopes, Key.UID, bounds, _any_op, _of_uid)])


def pid_intervals(scopes: Sequence[Scope]) -> Intervals:
    """Return three columns: a pid's masks under ``=``, under ``!=`` and under an order.

    They are apart because the two ids of a task join differently in each (rule 9).
    """
    bounds = _bounds(scopes, Key.PID)
    ops = (_equal, _distinct, _order)
    return Intervals(bounds, [_column(scopes, Key.PID, bounds, op, _of_pid) for op in ops])


def _bounds(scopes: Sequence[Scope], key: Key) -> list[int]:
    conditions = (c for scope in scopes for c in scope.process.get(key, ()))
    return sorted({0}.union(*map(_turning_points, conditions)))


def _turning_points(condition: Condition) -> list[int]:
    """Return where a condition's answer may change: at its value, and behind it."""
    value = condition.value
    if not isinstance(value, int):
        return []
    return [value, value + 1] if value + 1 < U32 else [value]


def _column(
    scopes: Sequence[Scope],
    key: Key,
    bounds: Sequence[int],
    wanted: Callable[[Op], bool],
    process_of: Callable[[int], Process],
) -> list[int]:
    """Ask each scope at its own bounds only, and note where its answer flips."""
    place = {bound: index for index, bound in enumerate(bounds)}
    flips = [0] * len(bounds)
    flips[0] = ALL
    for scope in scopes:
        conditions = [c for c in scope.process.get(key, ()) if wanted(c.op)]
        before = True
        for bound, now in _answers(conditions, process_of):
            if now is not before:
                flips[place[bound]] ^= scope.bit
            before = now
    return list(accumulate(flips, xor))


def _answers(
    conditions: Sequence[Condition], process_of: Callable[[int], Process]
) -> Iterator[tuple[int, bool]]:
    """Give each bound of the conditions of one scope, and whether they hold from there on.

    Every condition is asked at its own turning points alone: to ask all of them everywhere
    takes seconds where a scope has thousands of values.
    """
    asks = any(c.op is Op.EQ for c in conditions)
    met, broken = Counter[int](), Counter[int]()
    for condition in conditions:
        holds, equal = process_test(condition), condition.op is Op.EQ
        before = not equal  # an alternative is not met, and nothing is broken, before 0
        for bound in sorted({0, *_turning_points(condition)}):
            now = holds(process_of(bound))
            if equal:
                met[bound] += now - before
            else:
                broken[bound] += before - now
            before = now
    alternatives = failures = 0
    for bound in sorted({0} | met.keys() | broken.keys()):
        alternatives, failures = alternatives + met[bound], failures + broken[bound]
        yield bound, not failures and (alternatives > 0 or not asks)


def _of_uid(value: int) -> Process:
    return Process(uid=value)


def _of_pid(value: int) -> Process:
    return Process(pid=value, tid=value)


def _any_op(_: Op) -> bool:
    return True


def _equal(op: Op) -> bool:
    return op is Op.EQ


def _distinct(op: Op) -> bool:
    return op is Op.NE


def _order(op: Op) -> bool:
    return op not in (Op.EQ, Op.NE)
