# SPDX-License-Identifier: Apache-2.0
"""Tests of derivation against the model: needed events, and masks of derived ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.output.samples import exit_with
from tracee_ref.derivation.graph import kernel_scopes, problems_of
from tracee_ref.derivation.rules import Rule, Values, built_in_rules
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
from tracee_ref.model.facts import Event, FieldValue, Process, derived
from tracee_ref.model.match import matched_scopes
from tracee_ref.model.scope import Condition, EventField, Key, Op, Part, Pattern, Scope
from tracee_ref.signatures.registry import Registry, load_signatures
from tracee_ref.symbols.rules import Masked
from tracee_ref.tables import selecting_scopes


def definition(number: int, name: str, *bases: str, available: bool = True) -> EventDefinition:
    args = (ArgumentDefinition("number", "int"),)
    return EventDefinition(number, name, not bases, frozenset(), args, available, bases=bases)


EVENTS = {
    event.name: event
    for event in (
        definition(1, "base"),
        definition(2, "other"),
        definition(3, "child", "base"),
        definition(4, "grandchild", "child", "other"),
        definition(5, "never", "other"),
    )
}


def add_one(_event: TraceEvent, args: Values) -> Iterable[Values]:
    yield {"number": args["number"] + 1}


TEST_RULES = {
    "child": Rule(("base",), add_one),
    "grandchild": Rule(("child", "other"), add_one),
    "never": Rule(("other",), lambda _event, _args: ()),
}

numbers = st.integers(0, 4)
fields = st.builds(EventField, st.sampled_from([*EVENTS]), st.just(Part.ARGS), st.just("number"))
operators = st.sampled_from([*Op])
patterns = st.builds(Pattern, numbers.map(lambda n: b"%d" % n))
conditions = (
    st.builds(Condition, st.just(Key.UID), operators, numbers)
    | st.builds(Condition, fields, operators, numbers)
    | st.builds(Condition, fields, st.sampled_from([Op.EQ, Op.NE]), patterns)
)
scope_sets = st.lists(
    st.tuples(
        st.frozensets(st.sampled_from([*EVENTS]), min_size=1),
        st.frozensets(conditions, max_size=3),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
).map(lambda drawn: [Scope(number, *parts) for number, parts in enumerate(drawn, 1)])
processes = st.builds(Process, uid=numbers, followed=st.sampled_from([0, 0, 0b101]))


def event_of(name: str, process: Process, number: int) -> Event:
    return Event(name, process, {("args", "number"): FieldValue(number, b"%d" % number)})


def derived_from(event: Event) -> dict[str, Event]:
    """Return the derived events of TEST_RULES for the model, by name."""
    value = event.fields["args", "number"]
    assert isinstance(value.raw, int)
    more = {("args", "number"): FieldValue(value.raw + 1, b"%d" % (value.raw + 1))}
    names = {"base": ["child"], "child": ["grandchild"], "other": ["grandchild"]}
    events = {}
    for name in names.get(event.name, []):
        events[name] = derived(event, name, more)
        events |= derived_from(events[name])
    return events


def printed_masks(scopes: list[Scope], event: Event) -> Mapping[str, int]:
    """Return the masks of an event of the kernel side and its derived events, by name."""
    mask = matched_scopes(kernel_scopes(scopes, EVENTS), event)
    if not mask:
        return {}
    number = event.fields["args", "number"].raw
    base = exit_with(
        event_name=event.name,
        matched_scopes=mask,
        args=[Argument("number", "int", number)],
    )
    derivation = Derivation(selecting_scopes(scopes), EVENTS, TEST_RULES)
    filters = FieldFilters(scopes, symbolic=True, events=EVENTS, also_raw=derivation.raw_events)
    derived_events = derivation(base)
    assert derivation.derived_count == len(derived_events)
    candidates = [each for each in (base, *derived_events) if each.matched_scopes]
    return {each.event_name: each.matched_scopes for each in map(filters.apply, candidates) if each}


@given(scope_sets, processes, st.sampled_from(["base", "other"]), numbers)
def test_derivation_masks(scopes: list[Scope], process: Process, name: str, number: int) -> None:
    """Masks of a base and its derived events are those of rules 3, 6, 15 and 16."""
    event = event_of(name, process, number)
    events = {name: event, **derived_from(event)}
    masks = {name: matched_scopes(scopes, event) for name, event in events.items()}
    assert printed_masks(scopes, event) == {name: mask for name, mask in masks.items() if mask}


def test_derived_event_fields() -> None:
    """A derived event has the fields of its base, but own name, id and arguments (rule 15)."""
    base = exit_with(event_name="base", matched_scopes=1, args=[Argument("number", "int", 7)])
    derivation = Derivation(selecting_scopes([Scope(1, frozenset({"child"}))]), EVENTS, TEST_RULES)
    (child,) = derivation(base)
    assert (child.event_name, child.event_id, child.args_num) == ("child", "3", 1)
    assert child.args == [Argument("number", "int", 8)]
    assert (child.host_process_id, child.timestamp) == (base.host_process_id, base.timestamp)
    assert base.matched_scopes == 0
    assert base.args[0].value == 7


def test_derivation_selected_only() -> None:
    """Without selected derived events there are no bases."""
    scopes = [Scope(1, frozenset({"base", "other"}))]
    derivation = Derivation(selecting_scopes(scopes), EVENTS, TEST_RULES)
    assert not derivation.bases
    assert not derivation.raw_events


def test_kernel_scopes_events() -> None:
    """The kernel side gets the events that the selected ones derive from (rule 16)."""
    scope = Scope(1, frozenset({"grandchild"}))
    (kernel_scope,) = kernel_scopes([scope], EVENTS)
    assert kernel_scope.events == {"base", "other"}
    (kernel_scope,) = kernel_scopes([Scope(1, frozenset({"child"}))], EVENTS)
    assert kernel_scope.events == {"base"}


@pytest.mark.parametrize(
    ("events", "stays"),
    [({"base"}, True), ({"base", "other"}, True), ({"base", "child"}, False),
     ({"base", "grandchild"}, False), ({"child"}, False)],
)  # fmt: skip
def test_kernel_scopes_conditions(events: set[str], stays: bool) -> None:
    """A filter on a base is matched in the kernel only if no other event needs it (rule 15).

    A filter on a derived event never is.
    """
    condition = Condition(EventField("base", Part.RETVAL), Op.LT, 0)
    on_process = Condition(Key.UID, Op.EQ, 0)
    on_child = Condition(EventField("child", Part.ARGS, "number"), Op.EQ, 1)
    scope = Scope(1, frozenset(events), frozenset({condition, on_process, on_child}))
    (kernel_scope,) = kernel_scopes([scope], EVENTS)
    assert kernel_scope.conditions == {on_process} | ({condition} if stays else set())


def problems(events: Mapping[str, EventDefinition]) -> list[str]:
    """Return the faults of all events in the graph."""
    return [problem for name in events for problem in problems_of(name, events)]


def test_catalogue_graph() -> None:
    """There are no cycles, and every base exists and is available."""
    assert not problems(all_events())
    assert all(all_events()[name].bases == rule.bases for name, rule in built_in_rules().items())


def signatures() -> Registry:
    return load_signatures((), pytest.fail)


def needs_of(name: str, events: Mapping[str, EventDefinition]) -> set[str]:
    """Return an event and all that it derives from, directly or not."""
    needed, pending = set[str](), [name]
    while pending:
        needed.add(event := pending.pop())
        pending += [base for base in events[event].bases if base not in needed]
    return needed


def test_kernel_scopes_of_every_event() -> None:
    """Each event and built-in signature needs exactly its bases (rule 16)."""
    events = signatures().events
    assert not problems(events)
    for name, event in events.items():
        (kernel_scope,) = kernel_scopes([Scope(1, frozenset({name}))], events)
        needed = needs_of(name, events)
        assert kernel_scope.events == {need for need in needed if events[need].of_kernel}, name
        assert kernel_scope.events or name in AT_START, name
        assert not event.available or all(events[need].available for need in needed), name


def test_catalogue_dependencies() -> None:
    """An event needs at least what it depends on in Tracee v0.12."""
    rows = [Row(*fields) for fields in json.loads(data_file("events.json"))]
    events = all_events()
    depends = {row.name: row.depends_on for row in rows if row.depends_on}
    derived = {name for name in depends if events[name].available and not events[name].of_kernel}
    assert derived >= {"container_create", "container_remove"}
    for name in derived:
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
def test_graph_problems(more: list[EventDefinition], problem: str) -> None:
    """Unknown, unsupported and cyclic needs are reported."""
    assert not problems(EVENTS)
    assert problem in problems(EVENTS | {event.name: event for event in more})


def test_derived_event_undeclared_arguments() -> None:
    """Undeclared arguments follow the declared ones, with types by their values."""
    values = {"found": True, "number": 1, "path": "/a", "names": ["b"], "nothing": None}
    rules = TEST_RULES | {"child": Rule(("base",), lambda _event, _args: [values])}
    derivation = Derivation(selecting_scopes([Scope(1, frozenset({"child"}))]), EVENTS, rules)
    (child,) = derivation(exit_with(event_name="base", matched_scopes=1, args=[]))
    assert [(arg.name, arg.type) for arg in child.args] == [
        ("number", "int"),
        ("found", "bool"),
        ("path", "const char*"),
        ("names", "const char*const*"),
        ("nothing", "const char*"),
    ]
    assert child.args_num == 4


def test_derivation_masked() -> None:
    """A rule may leave out scopes of its event."""
    rule = Rule(("base",), lambda *_: [Masked({"number": 1}, 2)])
    derivation = Derivation({"child": 7}, EVENTS, {"child": rule})
    base = exit_with()
    base.event_name, base.matched_scopes = "base", 3
    (event,) = derivation(base)
    assert event.matched_scopes == 2
