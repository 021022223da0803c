# SPDX-License-Identifier: Apache-2.0
"""Selection of the events of a scope by its event and set flags (rules 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from ..errors import HostCode, HostError, UsageCode, UsageError, did_you_mean, flag_error
from ..events.catalogue import EventDefinition
from ..events.probe_names import is_probe, mentioned
from ..model.scope import EventField, Op
from ..model.selection import Selection, named, selected
from .flag import Filter

VERB: Final = {Op.EQ: "trace", Op.NE: "exclude"}

Catalogue = Mapping[str, EventDefinition]

MissingFeature: TypeAlias = Callable[[EventDefinition], str]
"""Returns the feature that this kernel lacks for an event; empty if it lacks none."""


def no_missing_feature(_event: EventDefinition) -> str:
    """Return that a kernel can deliver the event."""
    return ""


def select_events(
    number: int,
    filters: Iterable[Filter],
    catalogue: Catalogue,
    missing_feature: MissingFeature = no_missing_feature,
) -> frozenset[str]:
    """Return the available events that the filters of one scope select.

    Raises UsageError for an unknown name, for an event selected by its exact name that this
    version cannot trace, and for a scope without any event; HostError for an event selected by
    its exact name that this kernel cannot deliver.
    """
    values: dict[tuple[str, Op | None], frozenset[str]] = {}
    for filter_ in filters:
        if filter_.kind.name in ("event", "set"):
            _check(filter_, catalogue, missing_feature)
            key = filter_.kind.name, filter_.flag.op
            values[key] = values.get(key, frozenset()).union(filter_.flag.values.split(","))
    named_events = {
        name for (kind, _), names in values.items() if kind == "event" for name in names
    }
    events = selected(
        _selection(values),
        {
            name: event.sets
            for name, event in catalogue.items()
            if not is_probe(name) or mentioned(name, named_events)
        },
    )
    available = frozenset(
        name
        for name in events
        if catalogue[name].available and not missing_feature(catalogue[name])
    )
    if not available:
        _check_any_here(number, events, catalogue, missing_feature)
        missing = "no event that is supported yet" if events else "no event"
        raise UsageError(
            UsageCode.NO_EVENTS,
            f"scope {number} selects {missing} - remove an event!= or set!= flag, "
            "or add event=NAME of an event in --list",
            scope=number,
        )
    return available


def check_fields(
    events: frozenset[str],
    filters: Iterable[Filter],
    catalogue: Catalogue,
    missing_feature: MissingFeature = no_missing_feature,
) -> None:
    """Raise UsageError for a filter on an event that its scope does not select (rule 6).

    Raises HostError if the event is one that this kernel cannot deliver.
    """
    for filter_ in filters:
        text = filter_.flag.text
        for condition in filter_.conditions:
            field = condition.key
            if isinstance(field, EventField) and field.event not in events:
                _check_kernel(f"filter {text!r}", field.event, catalogue, missing_feature)
                number = filter_.flag.scope
                raise UsageError(
                    UsageCode.NOT_SELECTED,
                    f"filter {text!r}: scope {number} does not select "
                    f"{field.event} - add {number}:event={field.event}",
                    flag=text,
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


def _check_any_here(
    number: int, events: Iterable[str], catalogue: Catalogue, missing_feature: MissingFeature
) -> None:
    """Raise HostError if this kernel can deliver none of the events."""
    needs = {missing_feature(catalogue[name]) for name in events if catalogue[name].available}
    if needs:
        raise HostError(
            HostCode.UNAVAILABLE_EVENT,
            f"scope {number} selects no event that is available here: needs "
            f"{', '.join(sorted(needs))} - add event=NAME of an event in --list",
        )


def _check(filter_: Filter, catalogue: Catalogue, missing_feature: MissingFeature) -> None:
    for value in filter_.flag.values.split(","):
        if filter_.kind.name == "event":
            _check_event(filter_, value, catalogue)
            if filter_.flag.op is Op.EQ:
                _check_kernel(f"event={value}", value, catalogue, missing_feature)
        else:
            _check_set(filter_, value, catalogue)


def _check_kernel(
    subject: str, name: str, catalogue: Catalogue, missing_feature: MissingFeature
) -> None:
    missing = missing_feature(catalogue[name]) if name in catalogue else ""
    if missing:
        raise HostError(
            HostCode.UNAVAILABLE_EVENT,
            f"{subject}: unavailable here: needs {missing} - "
            "remove the event, or trace on a kernel that has it",
        )


def _check_event(filter_: Filter, value: str, catalogue: Catalogue) -> None:
    assert filter_.flag.op is not None
    if not named({value}, catalogue):
        reason = f"invalid event to {VERB[filter_.flag.op]}: {value}"
        remedy = "see --list for the events"
        if value in _sets(catalogue):
            remedy += f"; did you mean set={value}?"
        else:
            remedy += did_you_mean(value, catalogue)
        raise flag_error(UsageCode.EVENT, filter_.flag.text, reason, remedy)
    exact = catalogue.get(value)
    if filter_.flag.op is Op.EQ and exact is not None and not exact.available:
        raise UsageError(
            UsageCode.UNSUPPORTED_EVENT,
            f"event={value}: this event is not supported yet; see --list",
            flag=filter_.flag.text,
        )


def _check_set(filter_: Filter, value: str, catalogue: Catalogue) -> None:
    assert filter_.flag.op is not None
    sets = _sets(catalogue)
    if value not in sets:
        reason = f"invalid set to {VERB[filter_.flag.op]}: {value}"
        remedy = "see --list for the sets"
        if value in catalogue:
            remedy += f"; did you mean event={value}?"
        else:
            remedy += did_you_mean(value, sets)
        raise flag_error(UsageCode.SET, filter_.flag.text, reason, remedy)


def _sets(catalogue: Catalogue) -> set[str]:
    return {name for event in catalogue.values() for name in event.sets}
