# SPDX-License-Identifier: Apache-2.0
"""Proofs, for all values at once, that accept tables give the model's result.

The code of the model and of the tables itself runs here (symbolic.py).  Of the kernel side, the
proofs are about the source text of bpf/match/numbers.h.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations_with_replacement, pairwise
from pathlib import Path
from typing import Any

import pytest

z3 = pytest.importorskip("z3")

from tests.model.holding import conditions_hold  # noqa: E402
from tests.model.symbolic import (  # noqa: E402
    AnyId,
    AnyInt,
    AnySet,
    AnyText,
    Truth,
    formula,
    prove,
    u32,
)
from tracee_ref.model.facts import Container, Event, Process  # noqa: E402
from tracee_ref.model.match import matched_scopes  # noqa: E402
from tracee_ref.model.scope import NEW, Binary, Condition, ContainerId, Key, Op, Pattern, Scope  # noqa: E402

HEADER = Path(__file__).parents[2] / "bpf" / "match" / "numbers.h"
ALL_MASK = z3.BitVecVal(2**64 - 1, 64)
NONE = z3.BitVecVal(0, 64)
X = u32("x")
OPS = list(Op)


def holds(conditions: Sequence[Condition], process: Process) -> Any:
    return formula(lambda: conditions_hold(tuple(conditions), process))


def bit(mask: Any, index: int) -> Any:
    return z3.Extract(index, index, mask) == 1


# Intervals of numbers


def cuts(value: AnyInt) -> list[tuple[Any, Any]]:
    """Return the bounds of tables/intervals.py: a value, and the next number if it exists."""
    return [(value.bits, True), (value.bits + 1, value.bits != 2**32 - 1)]


@pytest.mark.parametrize("op", OPS)
def test_comparison_is_constant_between_bounds(op: Op) -> None:
    """So, for any number of bounds, the answer at the start of an interval is that of all."""
    value, start = u32("v"), u32("start")
    between = [
        z3.And(there, z3.ULT(start.bits, cut), z3.ULE(cut, X.bits)) for cut, there in cuts(value)
    ]
    condition = Condition(Key.UID, op, value)
    prove(
        holds([condition], Process(uid=X)) == holds([condition], Process(uid=start)),
        z3.ULE(start.bits, X.bits),
        z3.Not(z3.Or(between)),
    )


@pytest.mark.parametrize("ops", list(combinations_with_replacement(OPS, 2)))
def test_intervals_of_two_bounds(ops: tuple[Op, ...]) -> None:
    """Two bounds anywhere split the numbers into the intervals of their comparisons."""
    values = [u32(f"v{index}") for index in range(len(ops))]
    conditions = [Condition(Key.UID, op, v) for op, v in zip(ops, values, strict=True)]
    start = z3.BitVecVal(0, 32)
    for cut, there in (pair for value in values for pair in cuts(value)):
        nearer = z3.And(there, z3.ULE(cut, X.bits), z3.UGT(cut, start))
        start = z3.If(nearer, cut, start)
    at_start = holds(conditions, Process(uid=AnyInt(start)))
    prove(holds(conditions, Process(uid=X)) == at_start)


SEARCH = """#define WAYS 4
#define LEVELS 9
static __always_inline u64 passed_bounds(const u32 *bounds, const u32 stride, const u32 ways,
     u32 value)
{
    u64 passed = 0;
#pragma unroll
    for (u32 way = 1; way < WAYS; way++)
        if (way < ways)
            passed += ((u64)bounds[way * stride] - ((u64)value + 1)) >> 63;
    return passed;
}
static __always_inline u32 interval_of(const u32 *bounds, const u32 size, u32 value)
{
    u64 at = 0;
    u32 stride = size;
#pragma unroll
    for (u32 level = 0; level < LEVELS && stride > 1; level++) {
        const u32 ways = stride < WAYS ? stride : WAYS;
        stride /= ways;
        at = within(at + stride * passed_bounds(bounds + at, stride, ways, value),
            size - stride);
    }
    return at;
}
"""
WAYS = 2, 4
"""Those of a round: of a width of 4 and more 4, at last perhaps 2."""


def not_above(bound: Any, value: Any) -> Any:
    return z3.LShR(z3.ZeroExt(32, bound) - (z3.ZeroExt(32, value) + 1), 63)


def test_search_source_is_the_proven_one() -> None:
    """The proofs are about the source of `interval_of` in the header."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert " ".join(SEARCH.split()) in " ".join(text.split())


def test_branchless_comparison() -> None:
    """The branchless arithmetic is a comparison."""
    bound, value = z3.BitVecs("bound value", 32)
    prove(not_above(bound, value) == z3.If(z3.ULE(bound, value), z3.BitVecVal(1, 64), NONE))


@pytest.mark.parametrize("ways", WAYS)
def test_search_invariant(ways: int) -> None:
    """So for tables of every size, if their bounds rise: before a round with ``stride`` the bound
    at ``at`` is not above the value, that at ``at + ways * stride`` is, or is the table's end;
    after it, that at ``at + stride``.  It holds before the first round, as bounds begin with 0;
    after the last, ``at + 1`` is above.  ``within`` is an AND, which must change nothing.
    """
    bound = z3.Function("bounds", z3.BitVecSort(64), z3.BitVecSort(32))
    at, stride, size = z3.BitVecs("at stride size", 64)

    def kept(index: Any, width: Any) -> Any:
        multiple = z3.And(index & (width - 1) == 0, z3.ULT(index, size))
        end = z3.Or(index + width == size, z3.UGT(bound(index + width), X.bits))
        return z3.And(multiple, z3.ULE(bound(index), X.bits), end)

    looked_at = [bound(at + way * stride) for way in range(1, ways)]
    passed = z3.Sum([not_above(one, X.bits) for one in looked_at])
    rising = [z3.ULE(low, high) for low, high in pairwise(looked_at)]
    after = (at + stride * passed) & (size - stride)
    sizes = [power_of_two(size), power_of_two(stride), z3.ULE(ways * stride, size)]
    prove(kept(after, stride), kept(at, ways * stride), *rising, *sizes)
    prove(kept(z3.BitVecVal(0, 64), size), bound(0) == 0, power_of_two(size))


def power_of_two(number: Any) -> Any:
    return z3.And(number != 0, z3.ULT(number, 2**32), number & (number - 1) == 0)


# Accept tables and AND, for all masks of 64 scopes

TEXT = AnyText("text", 6)


def facts(contained: bool) -> Process:
    """Facts that stand for those of every process in, or not in, a container."""
    new: Any = Truth(z3.Bool("new"))
    return Process(
        pid=u32("pid"),
        tid=u32("tid"),
        uid=u32("uid"),
        comm=TEXT,
        uts=TEXT,
        mntns=AnyInt(z3.BitVec("mntns", 64)),
        pidns=AnyInt(z3.BitVec("pidns", 64)),
        binary=Binary(TEXT, u32("program namespace")),
        container=Container(AnyId(), Truth(z3.Bool("new container"))) if contained else None,  # type: ignore[arg-type]
        new=new,
        ancestry=AnySet(),
    )


def conditions_of(key: Key) -> list[Condition]:
    """Two values with ``=``, two with ``!=``, and for numbers one with every order."""
    if key in (Key.COMM, Key.UTS):
        values: list[Any] = [Pattern(b"ab", i > 1, i % 2 > 0) for i in range(4)]
    elif key is Key.BINARY:
        values = [Binary(b"/a"), Binary(b"/b", 5), Binary(b"/a", 5), Binary(b"/b")]
    elif key is Key.CONTAINER:
        values = [NEW, ContainerId("a"), NEW, ContainerId("b")]
    elif key is Key.IN_CONTAINER:
        return [Condition(key, Op.EQ, True), Condition(key, Op.NE, True)]
    elif key is Key.TREE:
        values = [1, 2, 1, 3]
    else:
        size = 64 if key in (Key.MNTNS, Key.PIDNS) else 32
        values = [AnyInt(z3.BitVec(f"value{i}", size)) for i in range(8)]
    ops = [Op.EQ, Op.EQ, Op.NE, Op.NE]
    if key in (Key.UID, Key.PID):
        ops += [Op.LT, Op.LE, Op.GT, Op.GE]
    return [Condition(key, op, value) for op, value in zip(ops, values, strict=False)]


def subsets(conditions: Sequence[Condition]) -> list[tuple[int, list[Condition]]]:
    return [
        (some, [c for index, c in enumerate(conditions) if some >> index & 1])
        for some in range(1 << len(conditions))
    ]


def table(ops: Sequence[Op], truths: Sequence[Any], masks: Sequence[Any]) -> Any:
    """Return what a table holds for a value: ``truths`` has the conditions that it matches, and
    bit i of their ``masks`` whether scope i + 1 has them."""
    none = masks[0] & 0
    with_equal = equal = excluded = none
    for op, truth, mask in zip(ops, truths, masks, strict=True):
        if op is Op.EQ:
            with_equal, equal = with_equal | mask, equal | z3.If(truth, mask, none)
        else:
            excluded = excluded | z3.If(truth, none, mask)
    return (equal | ~with_equal) & ~excluded


def one_bit(number: int) -> list[Any]:
    return [z3.BitVecVal(number >> index & 1, 1) for index in range(8)]


@pytest.mark.parametrize("contained", [True, False])
@pytest.mark.parametrize("key", list(Key))
def test_table_of_one_scope(key: Key, contained: bool) -> None:
    """Of one scope, with every choice of the conditions."""
    conditions, process = conditions_of(key), facts(contained)
    ops = [condition.op for condition in conditions]
    truths = [holds([condition], process) for condition in conditions]
    prove(
        z3.And(
            [
                holds(chosen, process)
                == (table(ops, truths, one_bit(some)[: len(ops)]) == z3.BitVecVal(1, 1))
                for some, chosen in subsets(conditions)
            ]
        )
    )


@pytest.mark.parametrize("ops", [[Op.EQ], [Op.NE], [Op.EQ, Op.EQ, Op.NE, Op.NE, *OPS[2:]]])
def test_table_of_all_scopes(ops: list[Op]) -> None:
    """A table of all scopes has the result of each scope in its bit, for all masks."""
    truths = [z3.Bool(f"truth{index}") for index in range(len(ops))]
    masks = [z3.BitVec(f"mask{index}", 64) for index in range(len(ops))]
    whole = table(ops, truths, masks)
    for index in range(64):
        single = [z3.Extract(index, index, mask) for mask in masks]
        prove(z3.Extract(index, index, whole) == table(ops, truths, single))


def test_decision_is_and_of_tables() -> None:
    """With being followed in index of the tables, and no bit for the tracer itself."""
    conditions = [conditions_of(key)[0] for key in (Key.UID, Key.PID, Key.BINARY, Key.TREE)]
    masks = [z3.BitVec(f"mask{index}", 64) for index in range(len(conditions))]
    select, followed, tracer = z3.BitVec("select", 64), z3.BitVec("followed", 64), z3.Bool("us")
    plain = facts(False)
    accepted = ALL_MASK
    for condition, mask in zip(conditions, masks, strict=True):
        accepted = accepted & table([condition.op], [holds([condition], plain)], [mask])
    decided = z3.If(tracer, NONE, select & (accepted | followed))
    for index in (0, 31, 63):
        owned = z3.Concat(*(z3.Extract(index, index, mask) for mask in (select, *masks[::-1])))
        for selected in (0, 1):
            for some, chosen in subsets(conditions):
                prove(
                    bit(decided, index) == decision(chosen, selected, index, plain),
                    owned == (some | selected << len(conditions)),
                )


def decision(chosen: Sequence[Condition], selected: int, index: int, plain: Process) -> Any:
    """The model's own decision about one scope, as the bit of the mask."""
    followed, us = AnyInt(z3.BitVec("followed", 64)), Truth(z3.Bool("us"))
    process = replace(plain, followed=followed, tracer=us)  # type: ignore[arg-type]
    scope = Scope(index + 1, frozenset({"e"} if selected else {"f"}), frozenset(chosen))
    return formula(lambda: matched_scopes([scope], Event("e", process)) == scope.bit)
