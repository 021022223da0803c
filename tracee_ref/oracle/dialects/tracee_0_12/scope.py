# SPDX-License-Identifier: Apache-2.0
"""Filters of one scope of Tracee v0.12 after parsing (Tracee v0.12 facts, 1.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ....filters import values
from ....filters.syntax import Flag, expression_error
from ....model.filters import Binary, FieldKey, Op, Pattern
from .filters import NumberFilter, TextFilter


@dataclass(slots=True)
class BoolFilter:
    """A filter for true, for false, or for both, where true wins (Tracee v0.12 facts, 2.2)."""

    values: set[bool] = field(default_factory=set)

    def kernel(self, value: bool) -> bool:
        """Match in the kernel (``bmatch``; Tracee v0.12 facts, 2.3)."""
        return value if True in self.values else not value


@dataclass(slots=True)
class BinaryFilter:
    """Executable files by path and mount namespace (Tracee v0.12 facts, 1.3 and 2.2)."""

    equal: set[Binary] = field(default_factory=set)
    unequal: set[Binary] = field(default_factory=set)

    def kernel(self, key: Binary) -> bool:
        """Match the key of a lookup in the kernel (Tracee v0.12 facts, 2.3)."""
        if key in self.equal:
            return True
        return key not in self.unequal and (not self.equal or bool(self.unequal))


FieldFilter: TypeAlias = NumberFilter | TextFilter | BoolFilter


@dataclass(slots=True)
class Tracee012Scope:
    """A scope; a filter that is None or empty is not used.

    ``tree`` maps process ids to True for ``=`` and False for ``!=``; ``fields`` maps events to the
    filters on their arguments, return value and context.
    """

    number: int
    events: frozenset[str] = frozenset()
    uid: NumberFilter | None = None
    pid: NumberFilter | None = None
    mntns: NumberFilter | None = None
    pidns: NumberFilter | None = None
    comm: TextFilter | None = None
    uts: TextFilter | None = None
    container: BoolFilter | None = None
    new_container: BoolFilter | None = None
    container_id: TextFilter | None = None
    new_pid: BoolFilter | None = None
    binary: BinaryFilter | None = None
    tree: dict[int, bool] = field(default_factory=dict)
    follow: bool = False
    fields: dict[str, dict[FieldKey, FieldFilter]] = field(default_factory=dict)

    @property
    def bit(self) -> int:
        """The scope's bit in a mask."""
        return 1 << (self.number - 1)

    @property
    def requires_container(self) -> bool:
        """Whether user space drops events of processes in no container.

        Tracee v0.12 facts, 3.7.
        """
        filters = (self.container, self.new_container)
        return self.container_id is not None or any(
            filter_ and True in filter_.values for filter_ in filters
        )


def tree_others(tree: dict[int, bool]) -> bool:
    """Whether processes without a listed ancestor match (Tracee v0.12 facts, 2.2)."""
    return False in tree.values()


def operator(flag: Flag) -> Op:
    """Return the operator of a flag; raise UsageError if it has none."""
    if flag.op is None:
        raise expression_error(flag.text)
    return flag.op


def fill_numbers(filter_: NumberFilter, flag: Flag, read: values.Parser) -> None:
    """Add numbers to a filter, each with the operator of the flag."""
    op = operator(flag)
    for value in values.each(flag, read):
        assert isinstance(value, int)
        filter_.add(op, value)


def fill_texts(filter_: TextFilter, flag: Flag) -> None:
    """Add strings to a filter; raise UsageError for an operator but ``=`` and ``!=``."""
    op = operator(flag)
    if op not in (Op.EQ, Op.NE):
        raise expression_error(flag.text, "this takes = and !=")
    for value in values.each(flag, values.pattern):
        assert isinstance(value, Pattern)
        filter_.add(op, value)


def boolean(filter_: BoolFilter | None, value: bool) -> BoolFilter:
    """Return a filter with `value` added."""
    return BoolFilter({value} | (filter_.values if filter_ else set()))
