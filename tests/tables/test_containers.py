# SPDX-License-Identifier: Apache-2.0
"""The table of containers gives the model's mask for every id (rule 11)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracee_ref.kernel.maps.layouts import container_bytes, prefix_entries
from tracee_ref.model.facts import Container, Process
from tracee_ref.model.match import process_filters_hold
from tracee_ref.model.scope import NEW, Condition, ContainerId, Key, Op, Scope
from tracee_ref.tables import compile_tables
from tracee_ref.tables.containers import ID_DIGITS, ContainerTable, container_table
from tracee_ref.tables.intervals import ALL_SCOPES
from vmtests.decision_program import compile_all_tables

EQUALITY = st.sampled_from([Op.EQ, Op.NE])
prefixes = st.text("0a", max_size=3) | st.just("0" * 64) | st.sampled_from(["xyz", "A", "0" * 65])
values = prefixes.map(ContainerId) | st.just(NEW)
conditions = st.builds(Condition, st.just(Key.CONTAINER), EQUALITY, values) | st.builds(
    Condition, st.just(Key.IN_CONTAINER), EQUALITY, st.booleans()
)


@st.composite
def scope_sets(draw: st.DrawFn) -> tuple[Scope, ...]:
    some = st.frozensets(conditions, max_size=4)
    numbers = draw(st.lists(st.integers(1, 64), min_size=1, max_size=5, unique=True))
    return tuple(Scope(number, frozenset("e"), draw(some)) for number in numbers)


def looked_up(table: ContainerTable, container: str, *, new: bool) -> int:
    """The longest prefix in the bytes of the map's keys, bit by bit as the kernel compares."""
    key = int.from_bytes(container_bytes(container), "big")
    found = (-1, 0)
    for entry, value in prefix_entries(table).items():
        bits = int.from_bytes(entry[:4], "little")
        prefix = int.from_bytes(entry[4:], "big")
        if (key ^ prefix) >> (4 * ID_DIGITS - bits) == 0:
            mask = int.from_bytes(value[8:] if new else value[:8], "little")
            found = max(found, (bits, mask))
    return found[1]


@given(scope_sets(), st.text("0a", min_size=64, max_size=64) | st.just("0" * 64), st.booleans())
def test_container_mask(scopes: tuple[Scope, ...], container: str, new: bool) -> None:
    table = container_table(scopes)
    process = Process(container=Container(container, new))
    refused = sum(scope.bit for scope in scopes if not process_filters_hold(scope, process))
    assert looked_up(table, container, new=new) == ALL_SCOPES - refused
    if not new:
        assert table.accept_old(container) == ALL_SCOPES - refused


@given(scope_sets())
def test_container_mask_outside(scopes: tuple[Scope, ...]) -> None:
    refused = sum(scope.bit for scope in scopes if not process_filters_hold(scope, Process()))
    assert container_table(scopes).outside == ALL_SCOPES - refused


def test_container_impossible_prefix() -> None:
    """A prefix that no id can have is not in the table."""
    conditions = frozenset(
        Condition(Key.CONTAINER, Op.EQ, ContainerId(text)) for text in ("xyz", "AB", "0" * 65)
    )
    table = container_table([Scope(3, frozenset("e"), conditions)])
    assert dict(table.by_prefix) == {"": (ALL_SCOPES - 4, ALL_SCOPES - 4)}


def test_container_table_only_if_used() -> None:
    """There is a table only if a filter uses it."""
    nothing = Scope(1, frozenset("e"))
    assert compile_tables([nothing]).container is None
    assert compile_all_tables([nothing], single=True).container == ContainerTable(
        {"": (ALL_SCOPES, ALL_SCOPES)}, ALL_SCOPES
    )
    for key, value in ((Key.CONTAINER, NEW), (Key.IN_CONTAINER, True)):
        user = Scope(1, frozenset("e"), frozenset({Condition(key, Op.NE, value)}))
        assert compile_tables([user]).container is not None
