# SPDX-License-Identifier: Apache-2.0
"""Laws of the decision, for scopes and events of every kind (docs/design/properties.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from model.facts import Event, Process, derived
from model.match import matched_scopes, process_holds
from model.scope import NEW, Binary, Condition, Key, Op, Pattern, Scope
from model.selection import Selection, selected, with_dependencies
from tests.model.draws import (
    EVENTS,
    conditions,
    events,
    process_conditions,
    processes,
    scope_sets,
    scopes,
)
from tests.model.holding import conditions_hold

NEGATED = {Op.LT: Op.GE, Op.GE: Op.LT, Op.GT: Op.LE, Op.LE: Op.GT}

only_equal = st.frozensets(process_conditions(Op.EQ), max_size=4)


def holds(some: Sequence[Condition], process: Process) -> bool:
    return conditions_hold(tuple(some), process)


@given(scope_sets(), conditions, events)
def test_adding_a_filter_never_adds_a_bit(
    some: tuple[Scope, ...], added: Condition, event: Event
) -> None:
    first, *rest = some
    if added.op is Op.EQ and any(c.key == added.key and c.op is Op.EQ for c in first.conditions):
        return  # a further alternative, see the next law
    narrowed = replace(first, conditions=first.conditions | {added})
    mask = matched_scopes([narrowed, *rest], event)
    assert mask & ~matched_scopes(some, event) == 0


@given(scopes(1), conditions, events)
def test_adding_an_alternative_never_removes_a_bit(
    scope: Scope, added: Condition, event: Event
) -> None:
    if any(c.key == added.key and c.op is Op.EQ for c in scope.conditions):
        widened = replace(scope, conditions=scope.conditions | {replace(added, op=Op.EQ)})
        assert matched_scopes([scope], event) <= matched_scopes([widened], event)


@given(scope_sets(), events)
def test_removing_a_scope_changes_no_other_bit(some: tuple[Scope, ...], event: Event) -> None:
    gone, *rest = some
    assert matched_scopes(rest, event) == matched_scopes(some, event) & ~gone.bit


@given(scope_sets(), events)
def test_a_mask_is_the_or_of_its_scopes(some: tuple[Scope, ...], event: Event) -> None:
    alone = [matched_scopes([scope], event) for scope in some]
    assert all(mask in (0, scope.bit) for mask, scope in zip(alone, some, strict=True))
    assert matched_scopes(some, event) == sum(alone)


@given(scope_sets().flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))), events)
def test_order_of_scopes_never_matters(
    pair: tuple[tuple[Scope, ...], Sequence[Scope]], event: Event
) -> None:
    assert matched_scopes(pair[0], event) == matched_scopes(pair[1], event)


@given(st.permutations(range(1, 65)), scope_sets(), events)
def test_scope_numbers_are_permuted_with_the_bits(
    places: Sequence[int], some: tuple[Scope, ...], event: Event
) -> None:
    event = replace(event, process=replace(event.process, followed=0))
    moved = [replace(scope, number=places[scope.number - 1]) for scope in some]
    mask = matched_scopes(some, event)
    expected = sum(1 << (places[n] - 1) for n in range(64) if mask >> n & 1)
    assert matched_scopes(moved, event) == expected


@given(
    st.lists(process_conditions(), max_size=5).flatmap(
        lambda some: st.tuples(st.just(some), st.permutations(some))
    ),
    processes,
)
def test_order_of_conditions_never_matters(
    pair: tuple[list[Condition], list[Condition]], process: Process
) -> None:
    assert holds(pair[0], process) == holds(pair[1], process)


@given(st.lists(process_conditions(), max_size=5), processes)
def test_a_filter_given_twice_is_as_good_as_once(some: list[Condition], process: Process) -> None:
    assert holds(some + some, process) == holds(some, process)


@given(only_equal, processes)
def test_equal_values_of_a_key_are_alternatives(
    some: frozenset[Condition], process: Process
) -> None:
    each = {key: [c for c in some if c.key is key] for key in Key}
    expected = all(any(holds([c], process) for c in of) for of in each.values() if of)
    assert holds(list(some), process) is expected


@given(st.lists(process_conditions(), max_size=5), processes)
def test_other_conditions_hold_one_by_one(some: list[Condition], process: Process) -> None:
    others = [c for c in some if c.op is not Op.EQ]
    assert holds(others, process) == all(holds([c], process) for c in others)


@given(st.lists(process_conditions(), max_size=3), st.lists(process_conditions(), max_size=3),
       processes)  # fmt: skip
def test_filters_on_different_keys_are_joined_by_and(
    some: list[Condition], more: list[Condition], process: Process
) -> None:
    keys = {c.key for c in some}
    more = [c for c in more if c.key not in keys]
    assert holds(some + more, process) == (holds(some, process) and holds(more, process))


@given(process_conditions(Op.EQ), processes)
def test_negation_splits_the_values_of_a_key(condition: Condition, process: Process) -> None:
    yes, no = holds([condition], process), holds([replace(condition, op=Op.NE)], process)
    if condition.key is Key.CONTAINER:  # rule 11: of the containers only
        assert (yes or no) == (process.container is not None)
        assert not (yes and no)
    else:
        assert yes is not no


@given(process_conditions(Op.EQ), processes)
def test_a_value_and_its_negation_match_nothing(condition: Condition, process: Process) -> None:
    assert not holds([condition, replace(condition, op=Op.NE)], process)


@given(st.frozensets(process_conditions(Op.EQ), min_size=1, max_size=4), processes)
def test_excluded_values_are_not_the_alternatives(
    some: frozenset[Condition], process: Process
) -> None:
    """De Morgan: v != a and v != b is not (v = a or v = b)."""
    key = sorted(some, key=repr)[0].key
    equal = [c for c in some if c.key is key]
    excluded = [replace(c, op=Op.NE) for c in equal]
    if key is not Key.CONTAINER or process.container:
        assert holds(excluded, process) is not holds(equal, process)


@given(st.sampled_from([Key.UID, Key.PID]), st.sampled_from(sorted(NEGATED)),
       st.integers(0, 3), processes)  # fmt: skip
def test_each_order_is_the_negation_of_its_opposite(
    key: Key, op: Op, value: int, process: Process
) -> None:
    one, other = Condition(key, op, value), Condition(key, NEGATED[op], value)
    assert holds([one], process) is not holds([other], process)


@given(st.integers(0, 3), st.integers(0, 3), processes)
def test_an_interval_of_uids_is_a_list_of_them(low: int, high: int, process: Process) -> None:
    between = [Condition(Key.UID, Op.GE, low), Condition(Key.UID, Op.LE, high)]
    assert holds(between, process) == (process.uid in range(low, high + 1))


@given(st.integers(0, 3), processes)
def test_one_uid_is_an_interval(value: int, process: Process) -> None:
    equal = Condition(Key.UID, Op.EQ, value)
    between = [Condition(Key.UID, op, value) for op in (Op.GE, Op.LE)]
    assert holds([equal], process) == holds(between, process)


@given(st.text("ab", min_size=1, max_size=2).map(str.encode), processes)
def test_each_star_widens_a_text(text: bytes, process: Process) -> None:
    exact, before, behind, both = (
        holds([Condition(Key.COMM, Op.EQ, Pattern(text, start, end))], process)
        for start, end in ((False, False), (True, False), (False, True), (True, True))
    )
    assert exact <= before <= both
    assert exact <= behind <= both


@given(st.sampled_from([b"/a", b"/b"]), st.integers(1, 2), processes)
def test_a_namespace_narrows_a_binary(path: bytes, mntns: int, process: Process) -> None:
    narrow = holds([Condition(Key.BINARY, Op.EQ, Binary(path, mntns))], process)
    assert narrow <= holds([Condition(Key.BINARY, Op.EQ, Binary(path))], process)


@given(process_conditions(), processes)
def test_a_filter_on_a_container_says_that_there_is_one(
    condition: Condition, process: Process
) -> None:
    if condition.key is Key.CONTAINER and holds([condition], process):
        assert holds([Condition(Key.IN_CONTAINER, Op.EQ, True)], process)


@given(scope_sets(), events)
def test_the_tracer_never_matches(some: tuple[Scope, ...], event: Event) -> None:
    own = replace(event, process=replace(event.process, tracer=True))
    assert matched_scopes(some, own) == 0


@given(scope_sets(), events, st.integers(0, 2**64 - 1))
def test_being_followed_only_adds_bits(
    some: tuple[Scope, ...], event: Event, followed: int
) -> None:
    wider = replace(event.process, followed=event.process.followed | followed)
    added = matched_scopes(some, replace(event, process=wider)) & ~matched_scopes(some, event)
    assert added & ~followed == 0
    assert matched_scopes(some, event) & ~matched_scopes(some, replace(event, process=wider)) == 0


@given(scope_sets(), events)
def test_being_followed_is_having_no_process_filters(some: tuple[Scope, ...], event: Event) -> None:
    process = replace(event.process, followed=2**64 - 1)
    bare = [
        replace(s, conditions=frozenset(c for c in s.conditions if not isinstance(c.key, Key)))
        for s in some
    ]
    assert matched_scopes(some, replace(event, process=process)) == matched_scopes(bare, event)


@given(scope_sets(), events)
def test_follow_itself_changes_no_mask(some: tuple[Scope, ...], event: Event) -> None:
    other = [replace(scope, follow=not scope.follow) for scope in some]
    assert matched_scopes(other, event) == matched_scopes(some, event)


@given(scope_sets(), events)
def test_only_selected_events_match(some: tuple[Scope, ...], event: Event) -> None:
    mask = matched_scopes(some, event)
    assert all(event.name in s.events for s in some if mask & s.bit)
    assert matched_scopes(some, replace(event, name="gamma")) == 0


@given(scope_sets(), events)
def test_filters_on_fields_are_of_one_event(some: tuple[Scope, ...], event: Event) -> None:
    of_it = [
        replace(s, conditions=frozenset(
            c for c in s.conditions if isinstance(c.key, Key) or c.key.event == event.name
        ))
        for s in some
    ]  # fmt: skip
    assert matched_scopes(of_it, event) == matched_scopes(some, event)


@given(scope_sets(), events)
def test_a_field_that_was_not_read_never_adds_a_bit(some: tuple[Scope, ...], event: Event) -> None:
    unread = replace(event, fields={})
    assert matched_scopes(some, unread) & ~matched_scopes(some, event) == 0


@given(scope_sets(), events, events)
def test_a_derived_event_depends_on_the_base_by_its_process_only(
    some: tuple[Scope, ...], base: Event, other: Event
) -> None:
    other = replace(other, process=base.process)
    made, same = (derived(of, "beta", {}) for of in (base, other))
    assert matched_scopes(some, made) == matched_scopes(some, same)


@given(processes, st.lists(process_conditions(), max_size=4))
def test_a_process_is_judged_by_the_filters_of_its_scope(
    process: Process, some: list[Condition]
) -> None:
    scope = Scope(1, frozenset(EVENTS), frozenset(some))
    by_event = matched_scopes([scope], Event("alpha", replace(process, followed=0, tracer=False)))
    assert process_holds(scope, process) == holds(some, process) == bool(by_event)


names = st.frozensets(st.sampled_from("abcdef"), max_size=4)
catalogues = st.dictionaries(st.sampled_from("abcdef"), names)


@given(st.builds(Selection, names, names, names, names), catalogues, names)
def test_removing_events_never_adds_any(
    selection: Selection, catalogue: dict[str, frozenset[str]], removed: frozenset[str]
) -> None:
    fewer = replace(selection, not_events=selection.not_events | removed)
    assert selected(fewer, catalogue) == selected(selection, catalogue) - removed


@given(names, names, catalogues)
def test_taking_in_is_a_closure(
    some: frozenset[str], more: frozenset[str], depends: dict[str, frozenset[str]]
) -> None:
    taken = with_dependencies(some, depends)
    assert some <= taken == with_dependencies(taken, depends)
    assert taken | with_dependencies(more, depends) == with_dependencies(some | more, depends)
    assert all(depends.get(name, frozenset()) <= taken for name in taken)


@given(processes)
def test_new_is_as_good_as_a_value_of_pid(process: Process) -> None:
    assert holds([Condition(Key.PID, Op.EQ, NEW)], process) is process.new
