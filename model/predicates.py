# SPDX-License-Identifier: Apache-2.0
"""Conditions as predicates of facts, compiled once for each scope."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias, TypeVar

from .facts import FieldValue, Process
from .filters import Binary, Condition, ContainerId, Key, New, Op, Pattern

Fact = TypeVar("Fact")
Name = TypeVar("Name")
Member = TypeVar("Member")
ProcessPredicate: TypeAlias = Callable[[Process], bool]
FieldPredicate: TypeAlias = Callable[[FieldValue], bool]

ORDERING: Final[Mapping[Op, Callable[[Any, Any], bool]]] = {
    Op.LT: lt, Op.LE: le, Op.GT: gt, Op.GE: ge,
}  # fmt: skip


def grouped(pairs: Iterable[tuple[Name, Member]]) -> dict[Name, tuple[Member, ...]]:
    """Return the members by name, in order."""
    groups: dict[Name, list[Member]] = {}
    for name, member in pairs:
        groups.setdefault(name, []).append(member)
    return {name: tuple(members) for name, members in groups.items()}


def conjunction(
    conditions: Collection[Condition], compile_: Callable[[Condition], Callable[[Fact], bool]]
) -> tuple[Callable[[Fact], bool], ...]:
    """Return predicates that must all hold (rule 4).

    There is one for all ``=`` values of a key, and one for each other condition.
    """
    equal = grouped((c.key, compile_(c)) for c in conditions if c.op is Op.EQ)
    others = (compile_(c) for c in conditions if c.op is not Op.EQ)
    return (*map(any_of, equal.values()), *others)


def any_of(alternatives: tuple[Callable[[Fact], bool], ...]) -> Callable[[Fact], bool]:
    """Return a predicate that holds if any of the alternatives does (rule 4)."""
    if len(alternatives) == 1:
        return alternatives[0]
    return lambda fact: any(holds(fact) for holds in alternatives)


def process_predicate(condition: Condition) -> ProcessPredicate:
    """Return the predicate of a condition on the process (rules 8 to 12)."""
    key, value, order = condition.key, condition.value, ORDERING.get(condition.op)
    if order is not None:  # rule 9: the uid, or the process id, is compared
        if key is Key.UID:
            return lambda process: order(process.uid, value)
        return lambda process: order(process.pid, value)
    has = EQUALITY[key](value)
    if condition.op is Op.EQ:
        return has
    if key is Key.CONTAINER:  # rule 11: in a container, but in another
        return lambda process: process.container is not None and not has(process)
    return lambda process: not has(process)


def has_comm(wanted: Pattern) -> ProcessPredicate:
    """Rule 8."""
    if wanted.exact:  # same result, faster
        return lambda process: process.comm == wanted.text
    return lambda process: wanted.matches(process.comm)


def has_uts(wanted: Pattern) -> ProcessPredicate:
    """Rule 8."""
    return lambda process: wanted.matches(process.uts)


def has_uid(wanted: int) -> ProcessPredicate:
    """Rule 9: the real uid."""
    return lambda process: process.uid == wanted


def has_id(wanted: int | New) -> ProcessPredicate:
    """Rule 9: the id of the process or of the thread, or whether the process is new."""
    if isinstance(wanted, New):
        return lambda process: process.new
    return lambda process: wanted in (process.pid, process.tid)


def in_mntns(wanted: int) -> ProcessPredicate:
    """Rule 9: the inode number."""
    return lambda process: process.mntns == wanted


def in_pidns(wanted: int) -> ProcessPredicate:
    """Rule 9: the inode number."""
    return lambda process: process.pidns == wanted


def has_binary(wanted: Binary) -> ProcessPredicate:
    """Rule 10: the same path, and the same mount namespace if one is given."""
    if wanted.mntns is not None:
        return lambda process: process.binary == wanted
    return lambda process: process.binary is not None and process.binary.path == wanted.path


def has_container(wanted: ContainerId | New) -> ProcessPredicate:
    """Rule 11: the container is new, or its id starts with the given prefix."""
    if isinstance(wanted, New):
        return lambda process: process.container is not None and process.container.new
    return lambda process: (
        process.container is not None and process.container.id.startswith(wanted.prefix)
    )


def in_container(wanted: bool) -> ProcessPredicate:
    """Rule 11."""
    return lambda process: (process.container is not None) is wanted


def in_tree_of(wanted: int) -> ProcessPredicate:
    """Rule 12: the id of the process or of an ancestor."""
    return lambda process: wanted in process.ancestry


EQUALITY: Final[Mapping[object, Callable[[Any], ProcessPredicate]]] = {
    Key.COMM: has_comm,
    Key.UTS: has_uts,
    Key.UID: has_uid,
    Key.PID: has_id,
    Key.MNTNS: in_mntns,
    Key.PIDNS: in_pidns,
    Key.BINARY: has_binary,
    Key.CONTAINER: has_container,
    Key.IN_CONTAINER: in_container,
    Key.TREE: in_tree_of,
}
"""The predicate of ``=`` for each key."""


def field_predicate(condition: Condition) -> FieldPredicate:
    """Return the predicate of a condition on a field; only numbers are ordered (rule 7)."""
    value, order = condition.value, ORDERING.get(condition.op)
    if order is not None:
        return either(lambda field: isinstance(field.raw, int) and order(field.raw, value))
    has = either(
        matches_pattern(value) if isinstance(value, Pattern) else lambda field: field.raw == value
    )
    return has if condition.op is Op.EQ else lambda field: not has(field)


def either(holds: FieldPredicate) -> FieldPredicate:
    """Rule 19: of an argument that changed during its syscall, either value."""
    return lambda field: holds(field) or (field.at_return is not None and holds(field.at_return))


def matches_pattern(wanted: Pattern) -> FieldPredicate:
    """Rule 7: the printed form, or the raw value, numbers in decimal."""
    matches = wanted.matches
    return lambda field: (
        matches(field.printed)
        or matches(field.raw if isinstance(field.raw, bytes) else b"%d" % field.raw)
    )
