# SPDX-License-Identifier: Apache-2.0
"""Properties of the parser for all flags, and of the formatter for all scopes."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracee_ref.errors import UsageError
from tracee_ref.events.catalogue import ArgumentDefinition, EventDefinition
from tracee_ref.filters.flag import read_filter
from tracee_ref.filters.format import format_scopes
from tracee_ref.filters.kinds import FILTER_KINDS
from tracee_ref.filters.parse import build_scopes, parse_filters
from tracee_ref.model.scope import (
    HOST_MNTNS,
    NEW,
    Binary,
    Condition,
    ContainerId,
    EventField,
    Key,
    Op,
    Part,
    Pattern,
    Scope,
)
from tracee_ref.output.flags import FORMATS, parse_outputs

T = TypeVar("T")

ARGUMENTS = (ArgumentDefinition("flags", "int"), ArgumentDefinition("pathname", "const char*"))
CATALOGUE = {
    name: EventDefinition(number, name, True, frozenset({"default", "fs"}), ARGUMENTS, number < 4)
    for number, name in enumerate(["open", "openat", "close", "ptrace", "later"])
}
EVENTS = [name for name, event in CATALOGUE.items() if event.available]
SYMBOLS = list("!=<>:,*./+-")
WORDS = (
    [kind.name for kind in FILTER_KINDS]
    + [kind.example for kind in FILTER_KINDS]
    + ["65", "0", "new"]
)

strings = st.text(st.characters(exclude_characters=",*\0", codec="utf-8"), min_size=1, max_size=15)
short = strings.filter(lambda text: len(text.encode()) <= 15).map(str.encode)
paths = st.binary(max_size=20).map(lambda raw: b"/" + bytes(set(raw) - set(b",:\0")))
patterns = st.builds(Pattern, short, st.booleans(), st.booleans())
equality = st.sampled_from([Op.EQ, Op.NE])
numbers = st.integers(1, 2**32 - 2)
binaries = st.builds(Binary, paths, st.sampled_from([None, HOST_MNTNS]) | numbers)
ids = st.text("0123456789abcdef", min_size=1).map(ContainerId)

supported = st.one_of(
    st.builds(Condition, st.just(Key.COMM), equality, patterns),
    st.builds(Condition, st.sampled_from([Key.UID, Key.PID]), st.sampled_from(Op), numbers),
    st.builds(Condition, st.just(Key.BINARY), equality, st.builds(Binary, paths)),
)


def field_conditions(event: str) -> st.SearchStrategy[Condition]:
    flags, name = (EventField(event, Part.ARGS, one.name) for one in ARGUMENTS)
    retval, comm = EventField(event, Part.RETVAL), EventField(event, Part.CONTEXT, "processName")
    context = EventField(event, Part.CONTEXT, "timestamp")
    order = st.sampled_from([Op.LT, Op.LE, Op.GT, Op.GE])
    signed = st.integers(-(2**62), 2**62)
    return st.one_of(
        st.builds(Condition, st.sampled_from([flags, name, comm]), equality, patterns),
        st.builds(Condition, st.just(flags), order, signed),
        st.builds(Condition, st.sampled_from([retval, context]), st.sampled_from(Op), signed),
        st.builds(
            Condition,
            st.just(EventField(event, Part.CONTEXT, "container")),
            equality,
            st.just(True),
        ),
    )


refused = st.one_of(
    st.builds(Condition, st.just(Key.PID), equality, st.just(NEW)),
    st.builds(Condition, st.just(Key.CONTAINER), equality, st.just(NEW) | ids),
    st.builds(Condition, st.just(Key.IN_CONTAINER), equality, st.just(True)),
    st.builds(Condition, st.sampled_from([Key.MNTNS, Key.PIDNS, Key.TREE]), equality, numbers),
    st.builds(Condition, st.just(Key.UTS), equality, patterns),
    st.builds(Condition, st.just(Key.BINARY), equality, binaries),
)


@st.composite
def scope_sets(draw: st.DrawFn, full: bool) -> tuple[Scope, ...]:
    scopes = []
    for number in sorted(draw(st.sets(st.integers(1, 64), min_size=1, max_size=4))):
        events = draw(st.sets(st.sampled_from(EVENTS), min_size=1))
        kinds = [supported, refused, *map(field_conditions, sorted(events))]
        conditions = draw(st.sets(st.one_of(kinds) if full else supported, max_size=6))
        follow = full and draw(st.booleans())
        scopes.append(Scope(number, frozenset(events), frozenset(conditions), follow))
    return tuple(scopes)


def read_all(flags: Sequence[str]) -> tuple[Scope, ...]:
    return build_scopes([read_filter(text, CATALOGUE) for text in flags], CATALOGUE)


@given(scope_sets(full=False))
def test_format_and_parse_scopes(scopes: tuple[Scope, ...]) -> None:
    assert parse_filters(format_scopes(scopes), CATALOGUE) == scopes


@given(scope_sets(full=True))
def test_format_and_parse_every_kind(scopes: tuple[Scope, ...]) -> None:
    assert read_all(format_scopes(scopes)) == scopes


@given(
    scope_sets(full=True)
    .map(format_scopes)
    .flatmap(lambda f: st.tuples(st.just(f), st.permutations(f)))
)
def test_parse_ignores_flag_order(pair: tuple[list[str], list[str]]) -> None:
    flags, shuffled = pair
    assert read_all(flags) == read_all(shuffled)


@pytest.mark.parametrize("value", [Pattern(b"a,b"), Pattern(b"*"), Binary(b"/a:b"), Binary(b"/,")])
def test_format_refuses_reserved_characters(value: Pattern | Binary) -> None:
    """A value that no flag can contain is not formatted."""
    key = Key.COMM if isinstance(value, Pattern) else Key.BINARY
    scope = Scope(1, frozenset(EVENTS), frozenset({Condition(key, Op.EQ, value)}))
    with pytest.raises(ValueError, match="cannot be part of a flag"):
        format_scopes([scope])


anything = st.text() | st.lists(st.sampled_from(SYMBOLS + WORDS), max_size=6).map("".join)


def parsed(parse: Callable[[], T]) -> T | None:
    """Return the result, or None for a refusal in one line; let all else through."""
    try:
        return parse()
    except UsageError as error:
        if len(str(error).splitlines()) != 1:
            raise
        return None


@settings(max_examples=3000)
@given(st.lists(anything, max_size=2))
def test_parse_any_flag(flags: list[str]) -> None:
    """Any string gives scopes, or an error in one line."""
    scopes = parsed(lambda: parse_filters(flags, CATALOGUE))
    assert scopes is None or all(scope.events for scope in scopes)


OUTPUT_WORDS = ["table", "json", "format", "option", "none", "forward", "exec-env", "http://"]
any_output = st.text() | st.lists(st.sampled_from(SYMBOLS + OUTPUT_WORDS), max_size=6).map("".join)


@settings(max_examples=1000)
@given(st.lists(any_output, max_size=2))
def test_parse_any_output(values: list[str]) -> None:
    """Any string gives a plan, or an error in one line."""
    plan = parsed(lambda: parse_outputs(values))
    assert plan is None or all(target.format in FORMATS for target in plan.targets)
