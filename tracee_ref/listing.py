# SPDX-License-Identifier: Apache-2.0
"""Output of ``--list``: events with their sets and arguments, then the sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from json import dumps
from textwrap import fill
from typing import Final

from .errors import UsageCode, UsageError, did_you_mean
from .event_details import event_data, event_text
from .events.catalogue import SIGNATURE_IDS, EventDefinition
from .filters.events import MissingFeature
from .model.selection import named
from .strings import visible_json

COLUMNS: Final = "%-30s %-40s %s"
SECTIONS: Final[tuple[tuple[str, Callable[[EventDefinition], bool]], ...]] = (
    ("System Calls", lambda event: event.syscall),
    ("Other Events", lambda event: not event.syscall and event.id not in SIGNATURE_IDS),
    ("Signatures", lambda event: event.id in SIGNATURE_IDS),
)
WIDTH: Final = 100


def listing(catalogue: Mapping[str, EventDefinition], missing_feature: MissingFeature) -> str:
    """Return the events that this kernel can deliver, the names of the others, and the sets."""
    events = catalogue.values()
    needs = {e.name: need for e in events if e.available and (need := missing_feature(e))}
    traced = [event for event in events if event.available and event.name not in needs]
    members = [(title, list(filter(belongs, traced))) for title, belongs in SECTIONS]
    parts = [section(title, listed) for title, listed in members if listed]
    parts += unavailable(needs)
    missing = folded(event.name for event in events if not event.available)
    return "\n\n".join([*parts, sets(events, traced), f"Not supported yet\n{missing}\n"])


def named_listing(
    name: str, events: Mapping[str, EventDefinition], missing_feature: MissingFeature
) -> str:
    """Return the description of an event, or the lines of those that a pattern stands for.

    Raises UsageError if there is none.
    """
    found = [events[known] for known in sorted(named({name}, events))]
    if not found:
        near = did_you_mean(name, events)
        raise UsageError(UsageCode.EVENT, f"--list {name}: no event has this name{near}")
    if len(found) == 1:
        return event_text(event_data(found[0], missing_feature))
    width = max(len(event.name) for event in found)
    lines = (f"{event.name:<{width}} ({arguments_text(event)})" for event in found)
    return "\n".join([f"{len(found)} events", *lines]) + "\n"


def json_listing(
    name: str, events: Mapping[str, EventDefinition], missing_feature: MissingFeature
) -> str:
    """Return the descriptions of events as JSON: of all, or of those that a name stands for."""
    found = sorted(named({name or "*"}, events))
    data = [event_data(events[known], missing_feature) for known in found]
    return visible_json(dumps(data, indent=1)) + "\n"


def unavailable(needs: Mapping[str, str]) -> list[str]:
    """Return a section for each missing feature of the kernel, with the events that need it."""
    return [
        f"Unavailable here: needs {need}\n{folded(name for name in needs if needs[name] == need)}"
        for need in sorted(set(needs.values()))
    ]


def folded(names: Iterable[str]) -> str:
    """Return names, separated by spaces and wrapped."""
    return fill(" ".join(names), WIDTH, break_on_hyphens=False, break_long_words=False)


def section(title: str, events: Iterable[EventDefinition]) -> str:
    """Return a title, column headers and one line per event."""
    return "\n".join([title, COLUMNS % ("NAME", "SETS", "ARGUMENTS"), *map(event_line, events)])


def event_line(event: EventDefinition) -> str:
    """Return the line of an event."""
    return COLUMNS % (event.name, " ".join(sorted(event.sets)), f"({arguments_text(event)})")


def arguments_text(event: EventDefinition) -> str:
    """Return the arguments of an event as C has them, in brackets those that may be absent."""
    return ", ".join(
        f"[{arg.type} {arg.name}]" if arg.optional else f"{arg.type} {arg.name}"
        for arg in event.args
    )


def sets(events: Iterable[EventDefinition], traced: Iterable[EventDefinition]) -> str:
    """Return the sets, each with its number of events that this kernel can deliver, and of all."""
    every = Counter(name for event in events for name in event.sets)
    here = Counter(name for event in traced for name in event.sets)
    lines = (f"{name:<30} {here[name]} of {every[name]}" for name in sorted(every))
    return "\n".join(["Sets", f"{'NAME':<30} EVENTS", *lines])
