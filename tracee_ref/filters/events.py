# SPDX-License-Identifier: Apache-2.0
"""The events of each scope, from its event and set flags (rules 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from model.scope import EventField, Op
from model.selection import Selection, named, selected

from ..errors import HostCode, HostError, UsageCode, UsageError, flag_error
from ..events.catalogue import EventDefinition
from .flag import Filter

VERB: Final = {Op.EQ: "trace", Op.NE: "exclude"}

Catalogue = Mapping[str, EventDefinition]

Lacking: TypeAlias = Callable[[EventDefinition], str]
"""Returns what the kernel lacks to deliver an event; empty if it has everything."""


def nothing(_event: EventDefinition) -> str:
    """Of a kernel that can deliver every event."""
    return ""


def select_events(
    number: int, filters: Iterable[Filter], catalogue: Catalogue, lacking: Lacking = nothing
) -> frozenset[str]:
    """Return the events that the filters of one scope select, of those that are available.

    Raises UsageError for an unknown name, for an event asked for by its exact name that
    this version cannot trace, and for a scope that is left without any event; HostError for
    an event asked for by its exact name that this kernel cannot deliver.
    """
    values: dict[tuple[str, Op | None], frozenset[str]] = {}
    for one in filters:
        if one.kind.name in ("event", "set"):
            _check(one, catalogue, lacking)
            key = one.kind.name, one.flag.op
            values[key] = values.get(key, frozenset()).union(one.flag.values.split(","))
    events = selected(_selection(values), {name: event.sets for name, event in catalogue.items()})
    available = frozenset(
        name for name in events if catalogue[name].available and not lacking(catalogue[name])
    )
    if not available:
        _check_kernel(number, events, catalogue, lacking)
        missing = "no event that is supported yet" if events else "no event"
        raise UsageError(
            UsageCode.NO_EVENTS,
            f"scope {number} selects {missing} - take an event!= or set!= flag away, "
            "or add event=NAME of one that --list shows",
            scope=number,
        )
    return available


def check_fields(
    events: frozenset[str],
    filters: Iterable[Filter],
    catalogue: Catalogue,
    lacking: Lacking = nothing,
) -> None:
    """Raise UsageError for a filter on an event that its scope does not select (rule 6).

    HostError if the scope would select it on another kernel, perhaps.
    """
    for one in filters:
        for condition in one.conditions:
            field = condition.key
            if isinstance(field, EventField) and field.event not in events:
                _check_here(f"filter {one.flag.text!r}", field.event, catalogue, lacking)
                number = one.flag.scope
                raise UsageError(
                    UsageCode.NOT_SELECTED,
                    f"filter {one.flag.text!r}: scope {number} does not select "
                    f"{field.event} - add {number}:event={field.event}",
                    flag=one.flag.text,
                )


def _selection(values: Mapping[tuple[str, Op | None], frozenset[str]]) -> Selection:
    def of(name: str, op: Op) -> frozenset[str]:
        return values.get((name, op), frozenset())

    return Selection(
        events=of("event", Op.EQ),
        not_events=of("event", Op.NE),
        sets=of("set", Op.EQ),
        not_sets=of("set", Op.NE),
    )


def _check_kernel(
    number: int, events: Iterable[str], catalogue: Catalogue, lacking: Lacking
) -> None:
    """Raise HostError if it is the kernel that keeps all of them from being available."""
    needs = {lacking(catalogue[name]) for name in events if catalogue[name].available}
    if needs:
        raise HostError(
            HostCode.UNAVAILABLE_EVENT,
            f"scope {number} selects no event that is available here: needs "
            f"{', '.join(sorted(needs))} - add event=NAME of one that --list shows",
        )


def _check(one: Filter, catalogue: Catalogue, lacking: Lacking) -> None:
    for value in one.flag.values.split(","):
        if one.kind.name == "event":
            _check_event(one, value, catalogue)
            if one.flag.op is Op.EQ:
                _check_here(f"event={value}", value, catalogue, lacking)
        else:
            _check_set(one, value, catalogue)


def _check_here(asked: str, name: str, catalogue: Catalogue, lacking: Lacking) -> None:
    missing = lacking(catalogue[name]) if name in catalogue else ""
    if missing:
        raise HostError(
            HostCode.UNAVAILABLE_EVENT,
            f"{asked}: unavailable here: needs {missing} - "
            "take the event away, or trace on a kernel that has it",
        )


def _check_event(one: Filter, value: str, catalogue: Catalogue) -> None:
    assert one.flag.op is not None
    if not named({value}, catalogue):
        reason = f"invalid event to {VERB[one.flag.op]}: {value}"
        raise flag_error(UsageCode.EVENT, one.flag.text, reason, "see --list for the events")
    exact = catalogue.get(value)
    if one.flag.op is Op.EQ and exact is not None and not exact.available:
        raise UsageError(
            UsageCode.UNSUPPORTED_EVENT,
            f"event={value}: this event is not supported yet; see --list",
            flag=one.flag.text,
        )


def _check_set(one: Filter, value: str, catalogue: Catalogue) -> None:
    assert one.flag.op is not None
    if not any(value in event.sets for event in catalogue.values()):
        reason = f"invalid set to {VERB[one.flag.op]}: {value}"
        raise flag_error(UsageCode.SET, one.flag.text, reason, "see --list for the sets")
