# SPDX-License-Identifier: Apache-2.0
"""Flag parser of Tracee v0.12 (Tracee v0.12 facts, 1.1 to 1.3).

Only its effect on masks is modelled: an invalid flag has our message, and a flag that made
v0.12 panic is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ....errors import UsageCode, UsageError
from ....filters import values
from ....filters.fields import ALIASES, CONTAINER, NUMBER_FIELDS, STRING_FIELDS, field_part
from ....filters.syntax import Flag, expression_error, split_flag
from ....model.filters import NEW, Binary, FieldKey, Op, Part, Pattern
from .events import Choice
from .filters import NumberFilter, TextFilter
from .scope import (
    BinaryFilter,
    BoolFilter,
    FieldFilter,
    Tracee012Scope,
    boolean,
    fill_numbers,
    fill_texts,
    operator,
)

U32: Final = values.number(0, values.U32_MAX)
U64: Final = values.number(0, values.U64_MAX)


def read_scopes(texts: Sequence[str]) -> tuple[Tracee012Scope, ...]:
    """Parse flags; raise UsageError for an invalid one."""
    flags = [split_flag(text) for text in texts]
    scope_numbers = {flag.scope for flag in flags} or {1}
    scopes = {number: (Tracee012Scope(number), Choice()) for number in scope_numbers}
    for flag in flags:
        scope, choice = scopes[flag.scope]
        if not choice.take(flag):
            add_filter(scope, flag)
    for scope, choice in scopes.values():
        scope.events = choice.chosen()
    return tuple(scope for _, (scope, _) in sorted(scopes.items()))


def add_filter(scope: Tracee012Scope, flag: Flag) -> None:
    """Add a flag that does not select events to its scope (Tracee v0.12 facts, 1.2)."""
    part = field_part(flag)
    if part is not None:
        return add_field(scope, flag, part)
    for names, add in FILTERS:
        if flag.name in names:
            return add(scope, flag)
    raise UsageError(
        UsageCode.OPTION,
        f"invalid filter option specified ({flag.text}), use '--filter help'",
        flag=flag.text,
    )


def numbers(name: str, read: values.Parser) -> Callable[[Tracee012Scope, Flag], None]:
    """Return a function that adds a flag to the number filter `name` of a scope."""

    def add(scope: Tracee012Scope, flag: Flag) -> None:
        filter_ = getattr(scope, name) or NumberFilter()
        fill_numbers(filter_, flag, read)
        setattr(scope, name, filter_)

    return add


def strings(name: str) -> Callable[[Tracee012Scope, Flag], None]:
    """Return a function that adds a flag to the string filter `name`, of any length."""

    def add(scope: Tracee012Scope, flag: Flag) -> None:
        filter_ = getattr(scope, name) or TextFilter()
        fill_texts(filter_, flag)
        setattr(scope, name, filter_)

    return add


def add_container(scope: Tracee012Scope, flag: Flag) -> None:
    """Add a ``container`` flag; ``!=new`` is two filters (Tracee v0.12 facts, 1.3)."""
    new = flag.values == NEW.value and flag.op in (Op.EQ, Op.NE)
    if flag.op in (None, Op.LT, Op.GT) or (new and flag.op is Op.NE):
        scope.container = boolean(scope.container, True)
    if new:
        scope.new_container = boolean(scope.new_container, flag.op is Op.EQ)
    elif flag.op not in (None, Op.LT, Op.GT):
        scope.container_id = scope.container_id or TextFilter()
        for value in values.listed(flag):
            scope.container_id.add(operator(flag), Pattern(value.encode(), open_end=True))


def add_not_container(scope: Tracee012Scope, _flag: Flag) -> None:
    """Add ``!container``."""
    scope.container = boolean(scope.container, False)


def add_pid(scope: Tracee012Scope, flag: Flag) -> None:
    """Add a ``pid`` flag; ``new`` is a filter of its own (Tracee v0.12 facts, 1.3)."""
    if flag.values == NEW.value and flag.op in (Op.EQ, Op.NE):
        scope.new_pid = boolean(scope.new_pid, flag.op is Op.EQ)
    else:
        numbers("pid", U32)(scope, flag)


def add_tree(scope: Tracee012Scope, flag: Flag) -> None:
    """Add a ``tree`` flag; the last one for a process id counts (Tracee v0.12 facts, 1.3)."""
    for value in values.each(flag, values.tree_pid):
        assert isinstance(value, int)
        scope.tree[value] = operator(flag) is Op.EQ


def add_binary(scope: Tracee012Scope, flag: Flag) -> None:
    """Add a ``binary`` flag, with or without a mount namespace (Tracee v0.12 facts, 1.3)."""
    scope.binary = scope.binary or BinaryFilter()
    group = scope.binary.equal if operator(flag) is Op.EQ else scope.binary.unequal
    for value in values.each(flag, values.binary):
        assert isinstance(value, Binary)
        group.add(value)


def add_follow(scope: Tracee012Scope, _flag: Flag) -> None:
    """Add ``follow``; an operator and values after it are ignored (Tracee v0.12 facts, 1.2)."""
    scope.follow = True


def abbreviations(name: str) -> frozenset[str]:
    """Return the prefixes of a name, which are accepted as well (Tracee v0.12 facts, 1.2)."""
    return frozenset(name[:length] for length in range(1, len(name) + 1))


FILTERS: Final[Sequence[tuple[Iterable[str], Callable[[Tracee012Scope, Flag], None]]]] = (
    (("comm",), strings("comm")),
    (("binary", "bin"), add_binary),
    (abbreviations("container"), add_container),
    (("!container",), add_not_container),
    (("mntns",), numbers("mntns", U64)),
    (("pidns",), numbers("pidns", U64)),
    (("tree",), add_tree),
    (abbreviations("pid"), add_pid),
    (("uts",), strings("uts")),
    (abbreviations("uid"), numbers("uid", U32)),
    (abbreviations("follow"), add_follow),
)
"""(names, function) in the order of v0.12: the first match counts (Tracee v0.12 facts, 1.2)."""


SIGNED: Final = values.number(values.S64_MIN, values.U64_MAX)


def add_field(scope: Tracee012Scope, flag: Flag, part: Part) -> None:
    """Add ``EVENT.args.NAME``, ``EVENT.retval`` or ``EVENT.context.FIELD``.

    The event need not be selected (Tracee v0.12 facts, 1.3).
    """
    event, _, *rest = flag.name.split(".")
    if len(rest) != (part is not Part.RETVAL):
        raise expression_error(flag.text)
    filters = scope.fields.setdefault(event, {})
    if part is Part.RETVAL:
        fill_numbers(numeric(filters, (part.value, "")), flag, SIGNED)
    elif part is Part.ARGS:
        fill_texts(string(filters, (part.value, rest[0])), flag)
    else:
        add_context(filters, flag, rest[0])


def add_context(filters: dict[FieldKey, FieldFilter], flag: Flag, name: str) -> None:
    """Add a filter on the context; ``container`` and ``host`` ignore operator and values."""
    key = (Part.CONTEXT.value, ALIASES.get(name, name))
    if name in CONTAINER:
        key = (Part.CONTEXT.value, "container")
        old = filters.get(key)
        value = CONTAINER[name] is Op.EQ
        filters[key] = boolean(old if isinstance(old, BoolFilter) else None, value)
    elif key[1] in NUMBER_FIELDS:
        fill_numbers(numeric(filters, key), flag, SIGNED)
    elif key[1] in STRING_FIELDS:
        fill_texts(string(filters, key), flag)
    else:
        raise UsageError(
            UsageCode.FIELD, f"invalid event context field: {name} - {flag.text}: see -f help"
        )


def numeric(filters: dict[FieldKey, FieldFilter], key: FieldKey) -> NumberFilter:
    """Return the number filter on a field; create it if there is none."""
    filter_ = filters.setdefault(key, NumberFilter())
    assert isinstance(filter_, NumberFilter)
    return filter_


def string(filters: dict[FieldKey, FieldFilter], key: FieldKey) -> TextFilter:
    """Return the string filter on a field; create it if there is none."""
    filter_ = filters.setdefault(key, TextFilter())
    assert isinstance(filter_, TextFilter)
    return filter_
