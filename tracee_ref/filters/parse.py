# SPDX-License-Identifier: Apache-2.0
"""All ``-f`` flags of a run, turned into the scopes of the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from model.scope import Scope

from ..events.catalogue import EventDefinition
from .events import Lacking, check_fields, nothing, select_events
from .flag import Filter, read_filter
from .limits import check_limits


def parse_filters(
    flags: Sequence[str],
    catalogue: Mapping[str, EventDefinition],
    lacking: Lacking = nothing,
) -> tuple[Scope, ...]:
    """Return the scopes that the flags ask for, by number (rules 1 to 13).

    Without flags that is scope 1 with the default set.  ``lacking`` tells what the kernel
    lacks for an event.  Raises UsageError, one line that names the input and the remedy, and
    HostError for an event asked for by its name that this kernel cannot deliver.
    """
    filters = [read_filter(text, catalogue) for text in flags]
    check_limits(filters)
    return build_scopes(filters, catalogue, lacking)


def build_scopes(
    filters: Iterable[Filter],
    catalogue: Mapping[str, EventDefinition],
    lacking: Lacking = nothing,
) -> tuple[Scope, ...]:
    """Group filters by scope number and make the scopes, supported yet or not."""
    by_number: dict[int, list[Filter]] = {}
    for one in filters:
        by_number.setdefault(one.flag.scope, []).append(one)
    numbered = sorted((by_number or {1: []}).items())
    return tuple(_scope(number, group, catalogue, lacking) for number, group in numbered)


def _scope(
    number: int,
    filters: list[Filter],
    catalogue: Mapping[str, EventDefinition],
    lacking: Lacking,
) -> Scope:
    events = select_events(number, filters, catalogue, lacking)
    check_fields(events, filters, catalogue, lacking)
    return Scope(
        number=number,
        events=events,
        conditions=frozenset(condition for one in filters for condition in one.conditions),
        follow=any(one.kind.name == "follow" for one in filters),
    )
