# SPDX-License-Identifier: Apache-2.0
"""Examples of accept tables; proofs and kernels check them for all values."""

from __future__ import annotations

import pytest

from tracee_ref.host_namespace import resolve_host
from tracee_ref.model.scope import HOST_MNTNS, NEW, Binary, Condition, Key, Op, Pattern, Scope
from tracee_ref.tables import AcceptTables, compile_tables
from tracee_ref.tables.compile import VALUES
from tracee_ref.tables.intervals import ALL_SCOPES, Intervals
from tracee_ref.tables.masks import MaskTable, ScopeMasks, value_bytes
from tracee_ref.tables.patterns import Automaton
from vmtests.decision_program import compile_all_tables

EVENTS = frozenset({"openat"})
LS = value_bytes(Pattern(b"ls"))


def scope(number: int, *conditions: Condition) -> Scope:
    return Scope(number, EVENTS, frozenset(conditions))


def uid(op: Op, value: int) -> Condition:
    return Condition(Key.UID, op, value)


def comm(op: Op, text: bytes, before: bool = False, after: bool = False) -> Condition:
    return Condition(Key.COMM, op, Pattern(text, before, after))


def tables(*scopes: Scope) -> AcceptTables:
    return compile_tables(scopes)


def intervals(*scopes: Scope) -> Intervals:
    table = tables(*scopes).values[Key.UID]
    assert isinstance(table, Intervals)
    return table


def test_compile_unused_key() -> None:
    """A key in no filter has no table."""
    table = tables(scope(1, uid(Op.EQ, 5)))
    assert table.values.keys() == {Key.UID}
    assert (table.pid_new, table.binary) == (None, None)
    assert table.select == {"openat": 1}


def test_compile_all_unused_keys() -> None:
    table = compile_all_tables((scope(1),), single=True).values
    assert table == dict.fromkeys(VALUES, MaskTable({}, ALL_SCOPES))
    beyond = compile_all_tables((scope(1),), single=False).values
    assert beyond[Key.UID] == Intervals([0], [[ALL_SCOPES]])
    assert beyond[Key.PID] == Intervals([0], [[ALL_SCOPES], [ALL_SCOPES], [ALL_SCOPES]])
    assert isinstance(beyond[Key.COMM], Automaton)


def test_compile_exact_ids() -> None:
    """Ids without comparisons are compiled to exact values, as names are."""
    new = Condition(Key.PID, Op.EQ, NEW)
    table = tables(
        scope(1, uid(Op.EQ, 5), Condition(Key.PID, Op.NE, 7)),
        scope(2, uid(Op.NE, 5), new),
    ).values
    assert table[Key.UID] == MaskTable({value_bytes(5): ScopeMasks(1, 2)}, ALL_SCOPES - 1)
    assert table[Key.PID] == MaskTable({value_bytes(7): ScopeMasks(0, 1)}, ALL_SCOPES - 2)


def test_compile_ordered_ids() -> None:
    """A comparison in any scope makes an interval table of this key only."""
    table = tables(scope(1, uid(Op.GT, 5), Condition(Key.PID, Op.EQ, 7))).values
    assert isinstance(table[Key.UID], Intervals)
    assert isinstance(table[Key.PID], MaskTable)


def test_interval_bounds() -> None:
    table = intervals(scope(1, uid(Op.GE, 10), uid(Op.LT, 20)), scope(2, uid(Op.NE, 15)))
    masks = dict(zip(table.bounds, (c & 3 for c in table.columns[0]), strict=True))
    assert masks == {0: 2, 10: 3, 11: 3, 15: 1, 16: 3, 20: 2, 21: 2}


def test_interval_highest_number() -> None:
    """The highest number needs no bound after it."""
    table = intervals(scope(1, uid(Op.GE, 0)), scope(2, uid(Op.EQ, 2**32 - 1)))
    assert table.bounds == [0, 1, 2**32 - 1]
    assert [c & 3 for c in table.columns[0]] == [1, 1, 3]


def test_compile_exact_names() -> None:
    table = tables(scope(1, comm(Op.EQ, b"ls")), scope(2, comm(Op.NE, b"ls"))).values[Key.COMM]
    assert table == MaskTable({LS: ScopeMasks(1, 2)}, ALL_SCOPES - 1)


def walk(table: Automaton, text: bytes) -> int:
    """What bpf/match/patterns.h does with the rows."""
    state, equal, excluded = 0, table.without_equal, 0
    for byte in text + b"\0":
        state = table.rows[state][table.classes[byte]]
        equal |= table.masks[state].equal
        excluded |= table.masks[state].excluded
    return equal & ~excluded


def test_compile_patterns() -> None:
    table = tables(
        scope(1, comm(Op.EQ, b"ab", after=True)),
        scope(2, comm(Op.EQ, b"ab", before=True)),
        scope(3, comm(Op.NE, b"b", before=True, after=True)),
        scope(4, comm(Op.EQ, b"ab")),
    ).values[Key.COMM]
    assert isinstance(table, Automaton)
    masks = {text: walk(table, text) & 15 for text in (b"ab", b"abx", b"xab", b"xabx", b"a", b"")}
    assert masks == {b"ab": 11, b"abx": 1, b"xab": 2, b"xabx": 0, b"a": 4, b"": 4}


def test_compile_binary_namespaces() -> None:
    """A path with and one without a namespace have two keys."""
    anywhere = Condition(Key.BINARY, Op.EQ, Binary(b"/ls"))
    inside = Condition(Key.BINARY, Op.NE, Binary(b"/ls", 7))
    table = tables(scope(1, anywhere), scope(2, inside)).binary
    assert table is not None
    assert (table.masks[0, b"/ls"].equal, table.masks[7, b"/ls"].excluded) == (1, 2)
    assert table.without_equal & 3 == 2


def test_compile_unresolved_host() -> None:
    """``host:`` is no inode number and not "any": to compile it is an error of the program."""
    unresolved = scope(1, Condition(Key.BINARY, Op.EQ, Binary(b"/ls", HOST_MNTNS)))
    with pytest.raises(ValueError, match="mount namespace is not resolved"):
        tables(unresolved)
    resolved = tables(*resolve_host([unresolved], 7)).binary
    assert resolved is not None
    assert [*resolved.masks] == [(7, b"/ls")]


def test_resolve_host_keeps_other_conditions() -> None:
    """Only ``host:`` changes: not a path in any namespace, nor one with an inode number."""
    paths = [Binary(b"/ls"), Binary(b"/ls", 5), Binary(b"/ls", HOST_MNTNS)]
    conditions = [Condition(Key.BINARY, Op.NE, path) for path in paths]
    (resolved,) = resolve_host([scope(3, *conditions, uid(Op.EQ, 5))], 7)
    found = {c.value.mntns for c in resolved.process[Key.BINARY] if isinstance(c.value, Binary)}
    assert (resolved.number, found, len(resolved.process[Key.UID])) == (3, {None, 5, 7}, 1)


def test_tree_merges_ancestors() -> None:
    """The masks of all ancestors are merged."""
    table = tables(
        scope(1, Condition(Key.TREE, Op.EQ, 5)),
        scope(2, Condition(Key.TREE, Op.NE, 5)),
        scope(3, Condition(Key.TREE, Op.EQ, 6), Condition(Key.TREE, Op.NE, 7)),
    ).tree
    assert table is not None
    masks = {pids: table.accepted(pids) & 7 for pids in [(1,), (1, 5), (1, 6), (5, 6, 7)]}
    assert masks == {(1,): 2, (1, 5): 3 - 2, (1, 6): 2 + 4, (5, 6, 7): 1}


def test_compile_thousands_of_numbers() -> None:
    """Each is evaluated at its own bounds only: all at all bounds would take minutes."""
    conditions = [uid(op, 3 * n + k) for n in range(2000) for k, op in enumerate((Op.EQ, Op.NE))]
    table = intervals(scope(1, *conditions), scope(2, uid(Op.EQ, 3)), scope(3, uid(Op.GE, 0)))
    assert len(table.bounds) == 6000
    assert sum(mask & 1 for mask in table.columns[0]) == 2000
