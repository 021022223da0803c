# SPDX-License-Identifier: Apache-2.0
"""The filters of one scope, as the command line leaves them (section 1.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from model.filters import Binary, FieldKey, Op, Pattern

from ....filters import values
from ....filters.syntax import Flag, expression_error
from .filters import NumberFilter, TextFilter


@dataclass(slots=True)
class BoolFilter:
    """Asked for, asked against, or both: then asking for wins (section 2.2)."""

    values: set[bool] = field(default_factory=set)

    def kernel(self, value: bool) -> bool:
        """Section 2.3: ``bmatch``."""
        return value if True in self.values else not value


@dataclass(slots=True)
class BinaryFilter:
    """Programs by path and mount namespace (sections 1.3 and 2.2)."""

    equal: set[Binary] = field(default_factory=set)
    unequal: set[Binary] = field(default_factory=set)

    def kernel(self, key: Binary) -> bool:
        """Section 2.3: ``match``, with the key that ``kernel`` looks up."""
        if key in self.equal:
            return True
        return key not in self.unequal and (not self.equal or bool(self.unequal))


FieldFilter: TypeAlias = NumberFilter | TextFilter | BoolFilter


@dataclass(slots=True)
class Scope:
    """A scope; None or empty is a filter that it does not use.

    ``tree`` maps process ids to whether they are asked for; ``fields`` has, by event, the
    filters on arguments, return value and context.
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
    def asks_for_containers(self) -> bool:
        """Section 3.7: whether events from outside of containers are taken out."""
        wanted = (self.container, self.new_container)
        return self.container_id is not None or any(one and True in one.values for one in wanted)


def tree_others(tree: dict[int, bool]) -> bool:
    """Section 2.2: what happens to processes that descend from none of those listed."""
    return False in tree.values()


def operator(flag: Flag) -> Op:
    """Return the operator; it must be there."""
    if flag.op is None:
        raise expression_error(flag.text)
    return flag.op


def fill_numbers(filter_: NumberFilter, flag: Flag, read: values.Reader) -> None:
    """Take in numbers: a list applies the operator to each of them."""
    op = operator(flag)
    for value in values.each(flag, read):
        assert isinstance(value, int)
        filter_.add(op, value)


def fill_texts(filter_: TextFilter, flag: Flag) -> None:
    """Take in texts with ``=`` or ``!=``."""
    op = operator(flag)
    if op not in (Op.EQ, Op.NE):
        raise expression_error(flag.text, "this takes = and !=")
    for value in values.each(flag, values.pattern):
        assert isinstance(value, Pattern)
        filter_.add(op, value)


def boolean(filter_: BoolFilter | None, value: bool) -> BoolFilter:
    """Return the filter with one more value."""
    return BoolFilter({value} | (filter_.values if filter_ else set()))
