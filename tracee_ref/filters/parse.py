# SPDX-License-Identifier: Apache-2.0
"""Parser of all ``-f`` flags of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..events.catalogue import EventDefinition
from ..model.scope import Scope
from .events import MissingFeature, check_fields, no_missing_feature, select_events
from .flag import Filter, read_filter
from .limits import check_limits


def parse_filters(
    flags: Sequence[str],
    catalogue: Mapping[str, EventDefinition],
    missing_feature: MissingFeature = no_missing_feature,
) -> tuple[Scope, ...]:
    """Return the scopes of the flags, sorted by number (rules 1 to 13).

    Without flags that is scope 1 with the default set.  Raises UsageError for a wrong flag, and
    HostError for an event selected by its name that this kernel cannot deliver.
    """
    filters = [read_filter(text, catalogue) for text in flags]
    check_limits(filters)
    return build_scopes(filters, catalogue, missing_feature)


def build_scopes(
    filters: Iterable[Filter],
    catalogue: Mapping[str, EventDefinition],
    missing_feature: MissingFeature = no_missing_feature,
) -> tuple[Scope, ...]:
    """Return the scopes of the filters, sorted by number."""
    by_number: dict[int, list[Filter]] = {}
    for filter_ in filters:
        by_number.setdefault(filter_.flag.scope, []).append(filter_)
    numbered = sorted((by_number or {1: []}).items())
    return tuple(_scope(number, group, catalogue, missing_feature) for number, group in numbered)


def _scope(
    number: int,
    filters: list[Filter],
    catalogue: Mapping[str, EventDefinition],
    missing_feature: MissingFeature,
) -> Scope:
    events = select_events(number, filters, catalogue, missing_feature)
    check_fields(events, filters, catalogue, missing_feature)
    return Scope(
        number=number,
        events=events,
        conditions=frozenset(c for filter_ in filters for c in filter_.conditions),
        follow=any(filter_.kind.name == "follow" for filter_ in filters),
    )
