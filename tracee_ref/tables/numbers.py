"""Interval tables: the bounds that all scopes mention cut the u32 line into stretches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import xor
from typing import Final

from model.facts import Process
from model.match import conditions_hold
from model.scope import Conditions, Key, Op, Scope

U32: Final = 1 << 32
ALL: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Intervals:
    """Stretch i runs from ``bounds[i]`` (the first is 0) to the next; columns give its masks."""

    bounds: Sequence[int]
    columns: Sequence[Sequence[int]]


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
    values = {
        condition.value
        for scope in scopes
        for condition in scope.process.get(key, ())
        if type(condition.value) is int
    }
    return sorted({0} | values | {value + 1 for value in values if value + 1 < U32})


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
        conditions = tuple(c for c in scope.process.get(key, ()) if wanted(c.op))
        before = True
        for bound in _bounds_of(conditions):
            now = conditions_hold(conditions, process_of(bound))
            if now is not before:
                flips[place[bound]] ^= scope.bit
            before = now
    return list(accumulate(flips, xor))


def _bounds_of(conditions: Conditions) -> list[int]:
    values = {c.value for c in conditions if type(c.value) is int}
    return sorted({0} | values | {value + 1 for value in values if value + 1 < U32})


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
