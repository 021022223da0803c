# SPDX-License-Identifier: Apache-2.0
"""The derivation stage, held to the model: what the kernel side is asked for, and who sees what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.facts import Event, FieldValue, Process, derived
from model.match import matched_scopes
from model.scope import Condition, EventField, Key, Op, Part, Pattern, Scope
from tests.output.samples import exit_with
from tracee_ref.derivation.graph import kernel_scopes, problems
from tracee_ref.derivation.rules import RULES, Rule, Values
from tracee_ref.derivation.stage import Derivation
from tracee_ref.events.catalogue import (
    AT_START,
    ArgumentDefinition,
    EventDefinition,
    Row,
    all_events,
    data_file,
)
from tracee_ref.events.event import Argument, TraceEvent
from tracee_ref.field_filters import FieldFilters
from tracee_ref.signatures.registry import Registry, load_signatures
from tracee_ref.tables import selecting_scopes


def definition(number: int, name: str, *bases: str, available: bool = True) -> EventDefinition:
    args = (ArgumentDefinition("number", "int"),)
    return EventDefinition(number, name, not bases, frozenset(), args, available, bases=bases)


EVENTS = {
    one.name: one
    for one in (
        definition(1, "base"),
        definition(2, "other"),
        definition(3, "child", "base"),
        definition(4, "grandchild", "child", "other"),
        definition(5, "never", "other"),
    )
}


def one_more(_event: TraceEvent, args: Values) -> Iterable[Values]:
    yield {"number": args["number"] + 1}


RULES_HERE = {
    "child": Rule(("base",), one_more),
    "grandchild": Rule(("child", "other"), one_more),
    "never": Rule(("other",), lambda _event, _args: ()),
}

numbers = st.integers(0, 4)
fields = st.builds(EventField, st.sampled_from([*EVENTS]), st.just(Part.ARGS), st.just("number"))
orders = st.sampled_from([*Op])
texts = st.builds(Pattern, numbers.map(lambda n: b"%d" % n))
conditions = (
    st.builds(Condition, st.just(Key.UID), orders, numbers)
    | st.builds(Condition, fields, orders, numbers)
    | st.builds(Condition, fields, st.sampled_from([Op.EQ, Op.NE]), texts)
)
scope_sets = st.lists(
    st.tuples(
        st.frozensets(st.sampled_from([*EVENTS]), min_size=1),
        st.frozensets(conditions, max_size=3),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
).map(lambda drawn: [Scope(place + 1, *one) for place, one in enumerate(drawn)])
processes = st.builds(Process, uid=numbers, followed=st.sampled_from([0, 0, 0b101]))


def event_of(name: str, process: Process, number: int) -> Event:
    return Event(name, process, {("args", "number"): FieldValue(number, b"%d" % number)})


def made_of(event: Event) -> dict[str, Event]:
    """The model's derived events, by hand: the same process, one more in the number."""
    shown = event.fields["args", "number"]
    assert isinstance(shown.raw, int)
    more = {("args", "number"): FieldValue(shown.raw + 1, b"%d" % (shown.raw + 1))}
    names = {"base": ["child"], "child": ["grandchild"], "other": ["grandchild"]}
    made = {}
    for name in names.get(event.name, []):
        made[name] = derived(event, name, more)
        made |= made_of(made[name])
    return made


def shown_masks(scopes: list[Scope], event: Event) -> Mapping[str, int]:
    """What is shown of an event of the kernel side, and of what is made of it."""
    mask = matched_scopes(kernel_scopes(scopes, EVENTS), event)
    if not mask:
        return {}
    number = event.fields["args", "number"].raw
    base = exit_with(
        event_name=event.name,
        matched_scopes=mask,
        args=[Argument("number", "int", number)],
    )
    derivation = Derivation(selecting_scopes(scopes), EVENTS, RULES_HERE)
    filters = FieldFilters(scopes, printed=True, events=EVENTS, others=derivation.raw)
    made = derivation(base)
    assert derivation.derived_count == len(made)
    judged = [filters.apply(one) for one in (base, *made) if one.matched_scopes]
    return {one.event_name: one.matched_scopes for one in judged if one}


@given(scope_sets, processes, st.sampled_from(["base", "other"]), numbers)
def test_masks_are_those_of_the_model(
    scopes: list[Scope], process: Process, name: str, number: int
) -> None:
    """Rules 3, 6, 15 and 16, for a base and all that is made of it."""
    event = event_of(name, process, number)
    asked = {name: event, **made_of(event)}
    masks = {name: matched_scopes(scopes, one) for name, one in asked.items()}
    assert shown_masks(scopes, event) == {name: mask for name, mask in masks.items() if mask}


def test_a_derived_event_has_the_facts_of_its_base() -> None:
    """Rule 15; of its own are name, number and arguments, and it does not share them."""
    base = exit_with(event_name="base", matched_scopes=1, args=[Argument("number", "int", 7)])
    derivation = Derivation(selecting_scopes([Scope(1, frozenset({"child"}))]), EVENTS, RULES_HERE)
    (child,) = derivation(base)
    assert (child.event_name, child.event_id, child.args_num) == ("child", "3", 1)
    assert child.args == [Argument("number", "int", 8)]
    assert (child.host_process_id, child.timestamp) == (base.host_process_id, base.timestamp)
    assert base.matched_scopes == 0
    assert base.args[0].value == 7


def test_only_what_is_selected_is_derived() -> None:
    scopes = [Scope(1, frozenset({"base", "other"}))]
    derivation = Derivation(selecting_scopes(scopes), EVENTS, RULES_HERE)
    assert not derivation.bases
    assert not derivation.raw


def test_the_kernel_side_is_asked_for_all_that_is_needed_and_no_more() -> None:
    """Rule 16."""
    scope = Scope(1, frozenset({"grandchild"}))
    (asked,) = kernel_scopes([scope], EVENTS)
    assert asked.events == {"base", "other"}
    (asked,) = kernel_scopes([Scope(1, frozenset({"child"}))], EVENTS)
    assert asked.events == {"base"}


@pytest.mark.parametrize(
    ("events", "stays"),
    [({"base"}, True), ({"base", "other"}, True), ({"base", "child"}, False),
     ({"base", "grandchild"}, False), ({"child"}, False)],
)  # fmt: skip
def test_a_filter_on_a_base_is_judged_in_the_kernel_only_if_nothing_else_needs_it(
    events: set[str], stays: bool
) -> None:
    """Rule 15; and a filter on what is derived is never known there."""
    condition = Condition(EventField("base", Part.RETVAL), Op.LT, 0)
    on_process = Condition(Key.UID, Op.EQ, 0)
    on_child = Condition(EventField("child", Part.ARGS, "number"), Op.EQ, 1)
    scope = Scope(1, frozenset(events), frozenset({condition, on_process, on_child}))
    (asked,) = kernel_scopes([scope], EVENTS)
    assert asked.conditions == {on_process} | ({condition} if stays else set())


def test_the_catalogue_is_a_closed_graph() -> None:
    """Issue 5: no cycles, and every base exists and can be delivered."""
    assert not problems(all_events())
    assert all(all_events()[name].bases == rule.bases for name, rule in RULES.items())


def signatures() -> Registry:
    return load_signatures((), pytest.fail)


def needs_of(name: str, events: Mapping[str, EventDefinition]) -> set[str]:
    """The event and all that it is made of, one step after the other."""
    needed, waiting = set[str](), [name]
    while waiting:
        needed.add(one := waiting.pop())
        waiting += [base for base in events[one].bases if base not in needed]
    return needed


def test_every_event_alone_asks_for_all_that_it_is_made_of() -> None:
    """Rule 16, for all events that there are, shipped signatures too: nothing more or less."""
    events = signatures().events
    assert not problems(events)
    for name, event in events.items():
        (asked,) = kernel_scopes([Scope(1, frozenset({name}))], events)
        needed = needs_of(name, events)
        assert asked.events == {one for one in needed if events[one].of_kernel}, name
        assert asked.events or name in AT_START, name
        assert not event.available or all(events[one].available for one in needed), name


def test_an_event_is_made_of_what_upstream_makes_it_of() -> None:
    """Where upstream names what an event depends on; ours may skip steps, or need more."""
    rows = [Row(*fields) for fields in json.loads(data_file("events.json"))]
    events = all_events()
    depends = {row.name: row.depends_on for row in rows if row.depends_on}
    made = {name for name in depends if events[name].available and not events[name].of_kernel}
    assert made >= {"container_create", "container_remove"}
    for name in made:
        if not name.startswith("net_packet_"):  # from one packet, all at once
            assert set(depends[name]) <= needs_of(name, events), name


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ([definition(6, "new", "base", "nowhere")], "new needs nowhere, which is no event"),
        ([definition(6, "new", "new")], "new needs itself"),
        (
            [definition(6, "new", "newer"), definition(7, "newer", "new")],
            "newer needs itself",
        ),
        (
            [definition(6, "lost", available=False), definition(7, "new", "lost")],
            "new needs lost, which is not supported",
        ),
    ],
)
def test_what_is_wrong_with_a_graph_is_told(more: list[EventDefinition], problem: str) -> None:
    assert not problems(EVENTS)
    assert problem in problems(EVENTS | {one.name: one for one in more})


def test_arguments_that_are_not_declared_come_behind_with_types_by_their_values() -> None:
    values = {"found": True, "number": 1, "path": "/a", "names": ["b"], "nothing": None}
    rules = RULES_HERE | {"child": Rule(("base",), lambda _event, _args: [values])}
    derivation = Derivation(selecting_scopes([Scope(1, frozenset({"child"}))]), EVENTS, rules)
    (child,) = derivation(exit_with(event_name="base", matched_scopes=1, args=[]))
    assert [(one.name, one.type) for one in child.args] == [
        ("number", "int"),
        ("found", "bool"),
        ("path", "const char*"),
        ("names", "const char*const*"),
        ("nothing", "const char*"),
    ]
    assert child.args_num == 4
