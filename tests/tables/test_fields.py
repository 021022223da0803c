# SPDX-License-Identifier: Apache-2.0
"""Tables of per-event filters, looked up as the kernel side does."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tracee_ref.model.facts import Event, FieldValue, Process
from tracee_ref.model.match import matched_scopes
from tracee_ref.model.scope import Condition, EventField, Op, Part, Pattern, Scope
from tracee_ref.tables.fields import (
    MAX_INTERVALS,
    S64_MAX,
    S64_MIN,
    STRING_BYTES,
    FieldTables,
    StringMasks,
    compile_fields,
)
from tracee_ref.tables.intervals import ALL_SCOPES

PATH = EventField("openat", Part.ARGS, "pathname")
RETVAL = EventField("openat", Part.RETVAL)
PATHNAME_INDEX = 1
EDGES = (S64_MIN, S64_MIN + 1, -4095, -2, -1, 0, 1, 3, 2**31, 2**32, S64_MAX - 1, S64_MAX)

strings = st.text("ab/\xff", max_size=5).map(lambda text: text.encode("latin-1"))
long_strings = st.sampled_from([b"/" + b"a" * n for n in (249, 250, 251, 252, 255, 300)])
patterns = st.builds(
    Pattern,
    strings.filter(bool) | long_strings,
    st.sampled_from([False, False, True]),
    st.booleans(),
)
path_conditions = st.builds(Condition, st.just(PATH), st.sampled_from([Op.EQ, Op.NE]), patterns)
edges = st.sampled_from(EDGES) | st.integers(-5, 5)
retval_conditions = st.builds(Condition, st.just(RETVAL), st.sampled_from([*Op]), edges)


def scopes_of(conditions: st.SearchStrategy[Condition]) -> st.SearchStrategy[list[Scope]]:
    filters = st.lists(st.frozensets(conditions, max_size=5), min_size=1, max_size=6)
    events = frozenset({"openat"})
    return filters.map(lambda found: [Scope(i + 1, events, one) for i, one in enumerate(found)])


def model(scopes: Sequence[Scope], field: EventField, value: FieldValue | None) -> int:
    fields = {} if value is None else {(field.part.value, field.name): value}
    return matched_scopes(scopes, Event("openat", Process(), fields))


def kernel_retval(tables: FieldTables, value: int) -> int:
    if "openat" not in tables.retvals:
        return ALL_SCOPES
    table = tables.retvals["openat"]
    return table.columns[0][bisect_right(table.bounds, value) - 1]


def kernel_text(table: StringMasks, text: bytes) -> int:
    """The longest node decides; a text that is longer than the room is cut there."""
    looked_up = (text + b"\0")[:STRING_BYTES]
    nodes = [node for node in table.accept if looked_up.startswith(node)]
    return table.accept[max(nodes, key=len)] if nodes else table.otherwise


def everyone(scopes: Sequence[Scope]) -> int:
    return sum(scope.bit for scope in scopes)


@given(scopes_of(retval_conditions), edges)
def test_retval_mask(scopes: list[Scope], value: int) -> None:
    """A return value has the mask of the model."""
    mask = kernel_retval(compile_fields(scopes), value) & everyone(scopes)
    assert mask == model(scopes, RETVAL, FieldValue(value, b"%d" % value))


@given(scopes_of(path_conditions), st.lists(strings | long_strings, min_size=1, max_size=8))
def test_string_mask_is_no_narrower(scopes: list[Scope], values: list[bytes]) -> None:
    """A table clears only bits that the model clears too."""
    table = compile_fields(scopes).strings.get(
        ("openat", PATHNAME_INDEX), StringMasks({}, ALL_SCOPES, ALL_SCOPES)
    )
    for value in values:
        mask = kernel_text(table, value) & everyone(scopes)
        assert model(scopes, PATH, FieldValue(value, value)) & ~mask == 0
    assert model(scopes, PATH, None) == table.absent & everyone(scopes)


def is_exact(condition: Condition) -> bool:
    value = condition.value
    return isinstance(value, Pattern) and not value.open_start and len(value.text) < STRING_BYTES


@given(scopes_of(path_conditions.filter(is_exact)), strings | long_strings)
def test_string_mask_exact_and_prefix(scopes: list[Scope], value: bytes) -> None:
    """Exact strings and prefixes are decided by the table alone."""
    table = compile_fields(scopes).strings.get(
        ("openat", PATHNAME_INDEX), StringMasks({}, ALL_SCOPES, ALL_SCOPES)
    )
    mask = kernel_text(table, value) & everyone(scopes)
    assert mask == model(scopes, PATH, FieldValue(value, value))


def path(op: Op, text: bytes, before: bool = False, after: bool = False) -> Condition:
    return Condition(PATH, op, Pattern(text, before, after))


def scope(number: int, *conditions: Condition) -> Scope:
    return Scope(number, frozenset({"openat"}), frozenset(conditions))


def test_string_alternatives_all_or_none() -> None:
    """If keys cannot express one alternative, they contain only what the scope excludes."""
    one = scope(1, path(Op.EQ, b"/a"), path(Op.EQ, b"z", before=True), path(Op.NE, b"/b"))
    table = compile_fields([one, scope(2, path(Op.EQ, b"/a"))]).strings["openat", PATHNAME_INDEX]
    assert {text: table.accept.get(text, table.otherwise) & 3 for text in (b"/a\0", b"/b\0")} == {
        b"/a\0": 3,
        b"/b\0": 0,
    }
    assert table.otherwise & 3 == 1


def test_string_longer_key_inherits() -> None:
    """A longer key has the bits of shorter ones."""
    scopes = (
        scope(1, path(Op.EQ, b"/etc/", after=True)),
        scope(2, path(Op.NE, b"/etc/ssh", after=True)),
        scope(3, path(Op.EQ, b"/etc/ssh")),
    )
    table = compile_fields(scopes).strings["openat", PATHNAME_INDEX]
    masks = {node: mask & 7 for node, mask in table.accept.items()}
    assert masks == {b"/etc/": 0b011, b"/etc/ssh": 0b001, b"/etc/ssh\0": 0b101}


def test_retval_too_many_bounds() -> None:
    """Scopes with too many bounds are left to user space."""

    def returns(number: int, values: range) -> Scope:
        return scope(number, *(Condition(RETVAL, Op.EQ, 3 * value) for value in values))

    scopes = returns(1, range(20)), returns(2, range(100, 120)), returns(3, range(5))
    tables = compile_fields(scopes)
    assert len(tables.retvals["openat"].bounds) <= MAX_INTERVALS
    assert kernel_retval(tables, -1) & 0b111 == 0b010
    assert kernel_retval(tables, 3) & 0b111 == 0b111


def test_fields_of_other_events() -> None:
    """Fields of events other than syscalls and hooks have no tables."""
    field = EventField("sched_process_exec", Part.ARGS, "pathname")
    condition = Condition(field, Op.EQ, Pattern(b"/a"))
    tables = compile_fields([Scope(1, frozenset({field.event}), frozenset({condition}))])
    assert tables == FieldTables({}, {})


def test_fields_of_hooks() -> None:
    """Hooks have strings but no return values."""
    path = Condition(
        EventField("security_file_open", Part.ARGS, "syscall_pathname"), Op.EQ, Pattern(b"a")
    )
    retval = Condition(EventField("magic_write", Part.RETVAL), Op.GT, 5)
    scope = Scope(1, frozenset({"security_file_open", "magic_write"}), frozenset({path, retval}))
    tables = compile_fields([scope])
    assert tables.strings.keys() == {("security_file_open", 5)}
    assert not tables.retvals


def test_fields_numeric_argument() -> None:
    """Numeric arguments have no table."""
    flags = Condition(EventField("openat", Part.ARGS, "flags"), Op.EQ, Pattern(b"O_RDONLY"))
    assert compile_fields([scope(1, flags)]).strings == {}


def test_strings_of_64_scopes() -> None:

    def filters(number: int) -> list[Condition]:
        return [path(Op.EQ, b"/%d/%d/" % (number, i), after=bool(i % 2)) for i in range(100)]

    scopes = [scope(number, *filters(number)) for number in range(1, 65)]
    table = compile_fields(scopes).strings["openat", PATHNAME_INDEX]
    assert len(table.accept) == 6400
    assert table.accept[b"/64/1/"] == 1 << 63
