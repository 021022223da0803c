# SPDX-License-Identifier: Apache-2.0
"""Proofs about the compiled tables of drawn scopes, for all facts at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

z3 = pytest.importorskip("z3")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from tests.model.draws import VALUES, numbers  # noqa: E402
from tests.model.holding import conditions_hold  # noqa: E402
from tests.model.symbolic import AnySet, AnyText, Truth, formula, prove, u32  # noqa: E402
from tracee_ref.model.facts import Process  # noqa: E402
from tracee_ref.model.scope import NEW, Binary, Condition, Key, Op, Pattern, Scope  # noqa: E402
from tracee_ref.tables.compile import (  # noqa: E402
    ANY_MNTNS,
    binaries,
    pid_new_masks,
)
from tracee_ref.tables.intervals import pid_intervals, uid_intervals  # noqa: E402
from tracee_ref.tables.masks import ScopeMasks, exact_values, mask_table, value_bytes  # noqa: E402
from tracee_ref.tables.patterns import Automaton, automaton  # noqa: E402

drawn = settings(max_examples=12, deadline=None)
TEXT = AnyText("text", 6)


@st.composite
def scopes_about(draw: st.DrawFn, key: Key, single: bool = False) -> tuple[Scope, ...]:
    """1 to 4 scopes, of which some may not use the key at all."""
    values: Any = numbers if key in (Key.UID, Key.PID) else VALUES[key]
    if single and key is Key.COMM:
        values = values.map(lambda pattern: Pattern(pattern.text))
    if single and key is Key.PID:
        values = values | st.just(NEW)
    ordered = key in (Key.UID, Key.PID) and not single
    ops = list(Op) if ordered else [Op.EQ, Op.NE]
    conditions = st.builds(Condition, st.just(key), st.sampled_from(ops), values)
    scope_numbers = draw(st.lists(st.integers(1, 64), min_size=1, max_size=4, unique=True))
    return tuple(
        Scope(number, frozenset("e"), draw(st.frozensets(conditions, max_size=4)))
        for number in scope_numbers
    )


def prove_mask(scopes: Sequence[Scope], key: Key, mask: Any, process: Process, *given: Any) -> None:
    """A mask has the model's answer in the bit of each scope, and the bits of all others."""
    claims = [mask | sum(scope.bit for scope in scopes) == 2**64 - 1]
    for scope in scopes:
        conditions = scope.process.get(key, ())
        accepted = z3.Extract(scope.number - 1, scope.number - 1, mask) == 1
        claims.append(accepted == formula(holding(conditions, process)))
    prove(z3.And(claims), *given)


def holding(conditions: tuple[Condition, ...], process: Process) -> Callable[[], bool]:
    return lambda: conditions_hold(conditions, process)


def constant(mask: int) -> Any:
    return z3.BitVecVal(mask, 64)


def looked_up(bounds: Sequence[int], column: Sequence[int], value: Any) -> Any:
    """The mask of the last bound that is not above; test_proof.py proves the search."""
    mask = constant(column[0])
    for bound, accepted in zip(bounds[1:], column[1:], strict=True):
        mask = z3.If(z3.ULE(bound, value), constant(accepted), mask)
    return mask


@drawn
@given(scopes_about(Key.UID))
def test_uid_intervals(scopes: tuple[Scope, ...]) -> None:
    table, uid = uid_intervals(scopes), u32("uid")
    assert table.bounds[0] == 0
    assert list(table.bounds) == sorted(set(table.bounds))
    mask = looked_up(table.bounds, table.columns[0], uid.bits)
    prove_mask(scopes, Key.UID, mask, Process(uid=uid))


@drawn
@given(scopes_about(Key.PID))
def test_pid_intervals(scopes: tuple[Scope, ...]) -> None:
    """Joined as accept_pid in bpf/match/numbers.h joins them; some processes are new."""
    table, pid, tid = pid_intervals(scopes), u32("pid"), u32("tid")
    new = Truth(z3.Bool("new"))
    of_pid, of_tid = (
        [looked_up(table.bounds, column, value.bits) for column in table.columns]
        for value in (pid, tid)
    )
    equal, rest = of_pid[0] | of_tid[0], of_pid[1] & of_pid[2] & of_tid[1]
    equal, excluded = join(equal, constant(0), pid_new_masks(scopes), new.formula)
    process = Process(pid=pid, tid=tid, new=cast(bool, new))
    prove_mask(scopes, Key.PID, equal & rest & ~excluded, process)


@drawn
@given(scopes_about(Key.COMM, single=True))
def test_comm_table(scopes: tuple[Scope, ...]) -> None:
    table = exact_values(scopes, Key.COMM)
    equal, excluded = constant(table.without_equal), constant(0)
    for text, verdict in table.masks.items():
        meets = (text.rstrip(b"\0") == TEXT).formula
        equal, excluded = join(equal, excluded, verdict, meets)
    prove_mask(scopes, Key.COMM, equal & ~excluded, Process(comm=TEXT), TEXT.well_formed)


def joined(scopes: Sequence[Scope], key: Key, facts: Sequence[Any]) -> tuple[Any, Any]:
    """Return the masks of a table of exact numbers for several facts."""
    table = exact_values(scopes, key)
    equal, excluded = constant(table.without_equal), constant(0)
    named = {c.value for scope in scopes for c in scope.conditions if isinstance(c.value, int)}
    assert table.masks.keys() == set(map(value_bytes, named))
    for value in named:
        for fact in facts:
            verdict = table.masks[cast(bytes, value_bytes(value))]
            equal, excluded = join(equal, excluded, verdict, fact.bits == value)
    return equal, excluded


@drawn
@given(scopes_about(Key.MNTNS))
def test_namespace_table(scopes: tuple[Scope, ...]) -> None:
    mntns = u32("mntns")
    equal, excluded = joined(scopes, Key.MNTNS, [mntns])
    prove_mask(scopes, Key.MNTNS, equal & ~excluded, Process(mntns=mntns))


@drawn
@given(scopes_about(Key.UID, single=True))
def test_uid_table(scopes: tuple[Scope, ...]) -> None:
    uid = u32("uid")
    equal, excluded = joined(scopes, Key.UID, [uid])
    prove_mask(scopes, Key.UID, equal & ~excluded, Process(uid=uid))


@drawn
@given(scopes_about(Key.PID, single=True))
def test_pid_table(scopes: tuple[Scope, ...]) -> None:
    """Joined as accept_ids in bpf/match/values.h joins them; some processes are new."""
    pid, tid, new = u32("pid"), u32("tid"), Truth(z3.Bool("new"))
    equal, excluded = joined(scopes, Key.PID, [pid, tid])
    equal, excluded = join(equal, excluded, pid_new_masks(scopes), new.formula)
    process = Process(pid=pid, tid=tid, new=cast(bool, new))
    prove_mask(scopes, Key.PID, equal & ~excluded, process)


@drawn
@given(scopes_about(Key.TREE))
def test_tree_table(scopes: tuple[Scope, ...]) -> None:
    """Joined over the ancestry as inherit_tree_state in bpf/state/processes.h does: any set."""
    table, ancestry = mask_table(scopes, Key.TREE, int), AnySet()
    equal, excluded = constant(table.without_equal), constant(0)
    for pid, verdict in table.masks.items():
        equal, excluded = join(equal, excluded, verdict, z3.Bool(f"contains {pid!r}"))
    process = Process(ancestry=ancestry)
    prove_mask(scopes, Key.TREE, equal & ~excluded, process)


@drawn
@given(scopes_about(Key.COMM))
def test_comm_automaton(scopes: tuple[Scope, ...]) -> None:
    mask = read(automaton(scopes, Key.COMM), TEXT)
    prove_mask(scopes, Key.COMM, mask, Process(comm=TEXT), TEXT.well_formed)


def read(table: Automaton, text: AnyText) -> Any:
    """Return the masks of the automaton after the string and its NUL."""
    states: dict[int, Any] = {0: z3.BoolVal(True)}
    equal, excluded = constant(table.without_equal), constant(0)
    for byte in text.bytes:
        following: dict[int, Any] = {}
        for kind in range(table.class_count):
            of_kind = in_class(table.classes, kind, byte)
            for state, here in states.items():
                target = table.rows[state][kind]
                reached = z3.And(here, of_kind)
                following[target] = z3.Or(following.get(target, z3.BoolVal(False)), reached)
        for state, here in following.items():
            equal, excluded = join(equal, excluded, table.masks[state], here)
        states = {state: z3.And(here, byte != 0) for state, here in following.items()}
    return equal & ~excluded


def in_class(classes: bytes, kind: int, byte: Any) -> Any:
    """Class 0 is every byte that no pattern has."""
    members = [byte == value for value in range(256) if classes[value] == kind]
    others = [byte != value for value in range(256) if classes[value]]
    return z3.And(others) if kind == 0 else z3.Or(members)


@drawn
@given(scopes_about(Key.BINARY))
def test_binary_table(scopes: tuple[Scope, ...]) -> None:
    """Looked up with the namespace and without, as accept_binary in bpf/match/filters.h does."""
    table, mntns = binaries(scopes), u32("mntns")
    equal, excluded = constant(table.without_equal), constant(0)
    for (namespace, path), verdict in table.masks.items():
        meets = (path == TEXT).formula
        if namespace != ANY_MNTNS:
            meets = z3.And(meets, mntns.bits == namespace)
        equal, excluded = join(equal, excluded, verdict, meets)
    process = Process(binary=Binary(TEXT, mntns))
    premises = (TEXT.well_formed, mntns.bits != ANY_MNTNS)
    prove_mask(scopes, Key.BINARY, equal & ~excluded, process, *premises)


def join(equal: Any, excluded: Any, verdict: ScopeMasks, meets: Any) -> tuple[Any, Any]:
    return (
        equal | z3.If(meets, constant(verdict.equal), constant(0)),
        excluded | z3.If(meets, constant(verdict.excluded), constant(0)),
    )
