# SPDX-License-Identifier: Apache-2.0
"""Properties of the mask, for scopes and events of every kind.

docs/design/properties.md lists them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.model.draws import (
    EVENTS,
    conditions,
    events,
    field_conditions,
    field_values,
    process_conditions,
    processes,
    scope_sets,
    scopes,
)
from tests.model.holding import conditions_hold
from tracee_ref.model.facts import Event, FieldValue, Process, derived
from tracee_ref.model.filters import EventField
from tracee_ref.model.match import matched_scopes, process_filters_hold
from tracee_ref.model.scope import NEW, Binary, Condition, Key, Op, Pattern, Scope
from tracee_ref.model.selection import Selection, selected, with_dependencies

NEGATED = {Op.LT: Op.GE, Op.GE: Op.LT, Op.GT: Op.LE, Op.LE: Op.GT}

only_equal = st.frozensets(process_conditions(Op.EQ), max_size=4)


def holds(some: Sequence[Condition], process: Process) -> bool:
    return conditions_hold(tuple(some), process)


@given(scope_sets(), conditions, events)
def test_added_filter_adds_no_bit(
    scopes: tuple[Scope, ...], added: Condition, event: Event
) -> None:
    """A filter more never adds a bit."""
    first, *rest = scopes
    if added.op is Op.EQ and any(c.key == added.key and c.op is Op.EQ for c in first.conditions):
        return  # a further alternative, see the next law
    narrowed = replace(first, conditions=first.conditions | {added})
    mask = matched_scopes([narrowed, *rest], event)
    assert mask & ~matched_scopes(scopes, event) == 0


@given(scopes(1), conditions, events)
def test_added_alternative_removes_no_bit(scope: Scope, added: Condition, event: Event) -> None:
    """Adding an alternative never removes a bit."""
    if any(c.key == added.key and c.op is Op.EQ for c in scope.conditions):
        widened = replace(scope, conditions=scope.conditions | {replace(added, op=Op.EQ)})
        assert matched_scopes([scope], event) <= matched_scopes([widened], event)


@given(scope_sets(), events)
def test_removed_scope_changes_no_other_bit(scopes: tuple[Scope, ...], event: Event) -> None:
    """Removing a scope changes no other bit."""
    removed, *rest = scopes
    assert matched_scopes(rest, event) == matched_scopes(scopes, event) & ~removed.bit


@given(scope_sets(), events)
def test_mask_is_or_of_scopes(scopes: tuple[Scope, ...], event: Event) -> None:
    """The mask is the OR of the masks of single scopes."""
    alone = [matched_scopes([scope], event) for scope in scopes]
    assert all(mask in (0, scope.bit) for mask, scope in zip(alone, scopes, strict=True))
    assert matched_scopes(scopes, event) == sum(alone)


@given(scope_sets().flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))), events)
def test_mask_ignores_scope_order(
    pair: tuple[tuple[Scope, ...], Sequence[Scope]], event: Event
) -> None:
    """Order of scopes never matters."""
    assert matched_scopes(pair[0], event) == matched_scopes(pair[1], event)


@given(st.permutations(range(1, 65)), scope_sets(), events)
def test_mask_permutes_with_scope_numbers(
    numbers: Sequence[int], scopes: tuple[Scope, ...], event: Event
) -> None:
    """Scope numbers are permuted with the bits."""
    event = replace(event, process=replace(event.process, followed=0))
    moved = [replace(scope, number=numbers[scope.number - 1]) for scope in scopes]
    mask = matched_scopes(scopes, event)
    expected = sum(1 << (numbers[n] - 1) for n in range(64) if mask >> n & 1)
    assert matched_scopes(moved, event) == expected


@given(
    st.lists(process_conditions(), max_size=5).flatmap(
        lambda some: st.tuples(st.just(some), st.permutations(some))
    ),
    processes,
)
def test_mask_ignores_condition_order(
    pair: tuple[list[Condition], list[Condition]], process: Process
) -> None:
    """Order of conditions never matters."""
    assert holds(pair[0], process) == holds(pair[1], process)


@given(st.lists(process_conditions(), max_size=5), processes)
def test_mask_ignores_repeated_filter(some: list[Condition], process: Process) -> None:
    assert holds(some + some, process) == holds(some, process)


@given(only_equal, processes)
def test_equal_values_are_alternatives(some: frozenset[Condition], process: Process) -> None:
    """Equal values of a key are alternatives."""
    each = {key: [c for c in some if c.key is key] for key in Key}
    expected = all(any(holds([c], process) for c in of) for of in each.values() if of)
    assert holds(list(some), process) is expected


@given(st.lists(process_conditions(), max_size=5), processes)
def test_other_conditions_are_conjunctive(some: list[Condition], process: Process) -> None:
    """Conditions other than `=` must each hold."""
    others = [c for c in some if c.op is not Op.EQ]
    assert holds(others, process) == all(holds([c], process) for c in others)


@given(st.lists(process_conditions(), max_size=3), st.lists(process_conditions(), max_size=3),
       processes)  # fmt: skip
def test_different_keys_are_conjunctive(
    some: list[Condition], more: list[Condition], process: Process
) -> None:
    """Filters on different keys must all hold."""
    keys = {c.key for c in some}
    more = [c for c in more if c.key not in keys]
    assert holds(some + more, process) == (holds(some, process) and holds(more, process))


@given(process_conditions(Op.EQ), processes)
def test_negation_is_the_complement(condition: Condition, process: Process) -> None:
    """`!=` is the complement of `=`."""
    yes, no = holds([condition], process), holds([replace(condition, op=Op.NE)], process)
    if condition.key is Key.CONTAINER:  # rule 11: of the containers only
        assert (yes or no) == (process.container is not None)
        assert not (yes and no)
    else:
        assert yes is not no


@given(process_conditions(Op.EQ), processes)
def test_value_and_negation_match_nothing(condition: Condition, process: Process) -> None:
    """A value and its negation match nothing."""
    assert not holds([condition, replace(condition, op=Op.NE)], process)


@given(st.frozensets(process_conditions(Op.EQ), min_size=1, max_size=4), processes)
def test_excluded_values_de_morgan(some: frozenset[Condition], process: Process) -> None:
    """De Morgan: v != a and v != b is not (v = a or v = b)."""
    key = sorted(some, key=repr)[0].key
    equal = [c for c in some if c.key is key]
    excluded = [replace(c, op=Op.NE) for c in equal]
    if key is not Key.CONTAINER or process.container:
        assert holds(excluded, process) is not holds(equal, process)


@given(st.sampled_from([Key.UID, Key.PID]), st.sampled_from(sorted(NEGATED)),
       st.integers(0, 3), processes)  # fmt: skip
def test_opposite_comparisons_are_complements(
    key: Key, op: Op, value: int, process: Process
) -> None:
    """Each comparison is the negation of its opposite."""
    one, other = Condition(key, op, value), Condition(key, NEGATED[op], value)
    assert holds([one], process) is not holds([other], process)


@given(st.integers(0, 3), st.integers(0, 3), processes)
def test_uid_interval_equals_list(low: int, high: int, process: Process) -> None:
    """An interval of uids is a list of them."""
    between = [Condition(Key.UID, Op.GE, low), Condition(Key.UID, Op.LE, high)]
    assert holds(between, process) == (process.uid in range(low, high + 1))


@given(st.integers(0, 3), processes)
def test_uid_equals_interval_of_one(value: int, process: Process) -> None:
    """One uid is an interval."""
    equal = Condition(Key.UID, Op.EQ, value)
    between = [Condition(Key.UID, op, value) for op in (Op.GE, Op.LE)]
    assert holds([equal], process) == holds(between, process)


@given(st.text("ab", min_size=1, max_size=2).map(str.encode), processes)
def test_star_widens_pattern(text: bytes, process: Process) -> None:
    """Each star widens a string."""
    exact, before, after, both = (
        holds([Condition(Key.COMM, Op.EQ, Pattern(text, start, end))], process)
        for start, end in ((False, False), (True, False), (False, True), (True, True))
    )
    assert exact <= before <= both
    assert exact <= after <= both


@given(st.sampled_from([b"/a", b"/b"]), st.integers(1, 2), processes)
def test_namespace_narrows_binary(path: bytes, mntns: int, process: Process) -> None:
    """A namespace narrows a binary."""
    narrow = holds([Condition(Key.BINARY, Op.EQ, Binary(path, mntns))], process)
    assert narrow <= holds([Condition(Key.BINARY, Op.EQ, Binary(path))], process)


@given(process_conditions(), processes)
def test_container_value_implies_container(condition: Condition, process: Process) -> None:
    """A container filter with a value implies `container`."""
    if condition.key is Key.CONTAINER and holds([condition], process):
        assert holds([Condition(Key.IN_CONTAINER, Op.EQ, True)], process)


@given(scope_sets(), events)
def test_tracer_never_matches(scopes: tuple[Scope, ...], event: Event) -> None:
    """The tracer never matches."""
    own = replace(event, process=replace(event.process, tracer=True))
    assert matched_scopes(scopes, own) == 0


@given(scope_sets(), events, st.integers(0, 2**64 - 1))
def test_followed_only_adds_bits(scopes: tuple[Scope, ...], event: Event, followed: int) -> None:
    """Being followed only adds bits."""
    wider = replace(event.process, followed=event.process.followed | followed)
    added = matched_scopes(scopes, replace(event, process=wider)) & ~matched_scopes(scopes, event)
    assert added & ~followed == 0
    assert (
        matched_scopes(scopes, event) & ~matched_scopes(scopes, replace(event, process=wider)) == 0
    )


@given(scope_sets(), events)
def test_followed_ignores_process_filters(scopes: tuple[Scope, ...], event: Event) -> None:
    """For a followed process, a scope is as without process filters."""
    process = replace(event.process, followed=2**64 - 1)
    bare = [
        replace(s, conditions=frozenset(c for c in s.conditions if not isinstance(c.key, Key)))
        for s in scopes
    ]
    assert matched_scopes(scopes, replace(event, process=process)) == matched_scopes(bare, event)


@given(scope_sets(), events)
def test_follow_changes_no_mask(scopes: tuple[Scope, ...], event: Event) -> None:
    """`follow` itself changes no mask."""
    other = [replace(scope, follow=not scope.follow) for scope in scopes]
    assert matched_scopes(other, event) == matched_scopes(scopes, event)


@given(scope_sets(), events)
def test_unselected_event_never_matches(scopes: tuple[Scope, ...], event: Event) -> None:
    """Only selected events match."""
    mask = matched_scopes(scopes, event)
    assert all(event.name in s.events for s in scopes if mask & s.bit)
    assert matched_scopes(scopes, replace(event, name="gamma")) == 0


@given(scope_sets(), events)
def test_event_filters_affect_one_event(scopes: tuple[Scope, ...], event: Event) -> None:
    """Filters on fields affect one event only."""
    of_it = [
        replace(s, conditions=frozenset(
            c for c in s.conditions if isinstance(c.key, Key) or c.key.event == event.name
        ))
        for s in scopes
    ]  # fmt: skip
    assert matched_scopes(of_it, event) == matched_scopes(scopes, event)


@given(scope_sets(), events)
def test_unread_field_adds_no_bit(scopes: tuple[Scope, ...], event: Event) -> None:
    """A field that was not read never adds a bit."""
    unread = replace(event, fields={})
    assert matched_scopes(scopes, unread) & ~matched_scopes(scopes, event) == 0


@given(scope_sets(), events, events)
def test_derived_event_uses_base_process_only(
    scopes: tuple[Scope, ...], base: Event, other: Event
) -> None:
    """A derived event depends on the base by its process only."""
    other = replace(other, process=base.process)
    derived_event, same = (derived(of, "beta", {}) for of in (base, other))
    assert matched_scopes(scopes, derived_event) == matched_scopes(scopes, same)


@given(processes, st.lists(process_conditions(), max_size=4))
def test_mask_agrees_with_process_filters(process: Process, some: list[Condition]) -> None:
    """The mask agrees with the process filters of a scope and with its conditions."""
    scope = Scope(1, frozenset(EVENTS), frozenset(some))
    by_event = matched_scopes([scope], Event("alpha", replace(process, followed=0, tracer=False)))
    assert process_filters_hold(scope, process) == holds(some, process) == bool(by_event)


names = st.frozensets(st.sampled_from("abcdef"), max_size=4)
catalogues = st.dictionaries(st.sampled_from("abcdef"), names)


@given(st.builds(Selection, names, names, names, names), catalogues, names)
def test_excluded_event_adds_no_event(
    selection: Selection, catalogue: dict[str, frozenset[str]], removed: frozenset[str]
) -> None:
    """Excluding events never adds one."""
    fewer = replace(selection, not_events=selection.not_events | removed)
    assert selected(fewer, catalogue) == selected(selection, catalogue) - removed


@given(names, names, catalogues)
def test_with_dependencies_is_a_closure(
    some: frozenset[str], more: frozenset[str], depends: dict[str, frozenset[str]]
) -> None:
    closure = with_dependencies(some, depends)
    assert some <= closure == with_dependencies(closure, depends)
    assert closure | with_dependencies(more, depends) == with_dependencies(some | more, depends)
    assert all(depends.get(name, frozenset()) <= closure for name in closure)


@given(processes)
def test_pid_new_matches_new_processes(process: Process) -> None:
    """`pid=new` holds exactly for new processes."""
    assert holds([Condition(Key.PID, Op.EQ, NEW)], process) is process.new


@given(scopes(), field_conditions(), field_values, field_values)
def test_changed_value_either_or_both(
    scope: Scope, condition: Condition, first: FieldValue, second: FieldValue
) -> None:
    """Rule 19: a condition holds for a changed value if for either one, `!=` if for both."""
    assert isinstance(condition.key, EventField)
    field = condition.key
    alone = replace(scope, events=frozenset({field.event}), conditions=frozenset({condition}))

    def mask(value: FieldValue) -> int:
        fields = {(field.part.value, field.name): value}
        return matched_scopes([alone], Event(field.event, Process(), fields))

    single, other = mask(first), mask(second)
    expected = single & other if condition.op is Op.NE else single | other
    assert mask(replace(first, at_return=second)) == expected
    assert mask(replace(second, at_return=first)) == expected
