# SPDX-License-Identifier: Apache-2.0
"""Whether a condition holds: a test of the facts, made once for each condition."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias, TypeVar

from .facts import Process, Shown
from .filters import Binary, Condition, ContainerId, Key, New, Op, Pattern

Fact = TypeVar("Fact")
Name = TypeVar("Name")
Member = TypeVar("Member")
ProcessTest: TypeAlias = Callable[[Process], bool]
FieldTest: TypeAlias = Callable[[Shown], bool]

ORDER: Final[Mapping[Op, Callable[[Any, Any], bool]]] = {
    Op.LT: lt, Op.LE: le, Op.GT: gt, Op.GE: ge,
}  # fmt: skip


def grouped(pairs: Iterable[tuple[Name, Member]]) -> dict[Name, tuple[Member, ...]]:
    """Return the members under each name."""
    groups: dict[Name, list[Member]] = {}
    for name, member in pairs:
        groups.setdefault(name, []).append(member)
    return {name: tuple(members) for name, members in groups.items()}


def joined(
    conditions: Collection[Condition], test_of: Callable[[Condition], Callable[[Fact], bool]]
) -> tuple[Callable[[Fact], bool], ...]:
    """Rule 4: one test for all ``=`` values of a key, and one for each other condition."""
    equal = grouped((one.key, test_of(one)) for one in conditions if one.op is Op.EQ)
    others = (test_of(one) for one in conditions if one.op is not Op.EQ)
    return (*map(any_of, equal.values()), *others)


def any_of(tests: tuple[Callable[[Fact], bool], ...]) -> Callable[[Fact], bool]:
    """Rule 4: whether one of the alternatives holds."""
    return tests[0] if len(tests) == 1 else lambda fact: any(test(fact) for test in tests)


def process_test(condition: Condition) -> ProcessTest:
    """Return the test of a condition on the process (rules 8 to 12)."""
    key, value, order = condition.key, condition.value, ORDER.get(condition.op)
    if order is not None:  # rule 9: asked of the uid, or of the process id
        if key is Key.UID:
            return lambda process: order(process.uid, value)
        return lambda process: order(process.pid, value)
    has = HAS[key](value)
    if condition.op is Op.EQ:
        return has
    if key is Key.CONTAINER:  # rule 11: in a container, but in another one
        return lambda process: process.container is not None and not has(process)
    return lambda process: not has(process)


def has_comm(wanted: Pattern) -> ProcessTest:
    """Rule 8."""
    if wanted.exact:  # the same, in less time
        return lambda process: process.comm == wanted.text
    return lambda process: wanted.matches(process.comm)


def has_uts(wanted: Pattern) -> ProcessTest:
    """Rule 8."""
    return lambda process: wanted.matches(process.uts)


def has_uid(wanted: int) -> ProcessTest:
    """Rule 9: the real uid."""
    return lambda process: process.uid == wanted


def has_id(wanted: int | New) -> ProcessTest:
    """Rule 9: the id of the process or of the thread; ``new``: it began after tracing did."""
    if isinstance(wanted, New):
        return lambda process: process.new
    return lambda process: wanted in (process.pid, process.tid)


def in_mntns(wanted: int) -> ProcessTest:
    """Rule 9: the inode number."""
    return lambda process: process.mntns == wanted


def in_pidns(wanted: int) -> ProcessTest:
    """Rule 9: the inode number."""
    return lambda process: process.pidns == wanted


def has_binary(wanted: Binary) -> ProcessTest:
    """Rule 10: the same path, and the same mount namespace where one is given."""
    if wanted.mntns is not None:
        return lambda process: process.binary == wanted
    return lambda process: process.binary is not None and process.binary.path == wanted.path


def has_container(wanted: ContainerId | New) -> ProcessTest:
    """Rule 11: the container is new, or its id starts with the one given."""
    if isinstance(wanted, New):
        return lambda process: process.container is not None and process.container.new
    return lambda process: (
        process.container is not None and process.container.id.startswith(wanted.prefix)
    )


def in_container(wanted: bool) -> ProcessTest:
    """Rule 11."""
    return lambda process: (process.container is not None) is wanted


def descends(wanted: int) -> ProcessTest:
    """Rule 12: the process, or one that it descends from."""
    return lambda process: wanted in process.ancestry


HAS: Final[Mapping[object, Callable[[Any], ProcessTest]]] = {
    Key.COMM: has_comm,
    Key.UTS: has_uts,
    Key.UID: has_uid,
    Key.PID: has_id,
    Key.MNTNS: in_mntns,
    Key.PIDNS: in_pidns,
    Key.BINARY: has_binary,
    Key.CONTAINER: has_container,
    Key.IN_CONTAINER: in_container,
    Key.TREE: descends,
}
"""The test for a value of each key."""


def field_test(condition: Condition) -> FieldTest:
    """Return the test of a condition on a field; only numbers have an order (rule 7)."""
    value, order = condition.value, ORDER.get(condition.op)
    if order is not None:
        return lambda shown: isinstance(shown.raw, int) and order(shown.raw, value)
    has = has_text(value) if isinstance(value, Pattern) else lambda shown: shown.raw == value
    return has if condition.op is Op.EQ else lambda shown: not has(shown)


def has_text(wanted: Pattern) -> FieldTest:
    """Rule 7: the printed form, or the raw value with numbers in decimal."""
    matches = wanted.matches
    return lambda shown: (
        matches(shown.printed)
        or matches(shown.raw if isinstance(shown.raw, bytes) else b"%d" % shown.raw)
    )
