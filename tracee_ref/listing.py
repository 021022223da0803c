"""The text of ``--list``: events with their sets and arguments, then the sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from textwrap import fill
from typing import Final

from .catalogue import EventDefinition, load_catalogue

COLUMNS: Final = "%-30s %-40s %s"
SECTIONS: Final[tuple[tuple[str, Callable[[EventDefinition], bool]], ...]] = (
    ("System Calls", lambda event: event.syscall),
    ("Other Events", lambda event: not event.syscall),
)
WIDTH: Final = 100


def listing() -> str:
    """Return all that can be traced, and by name what cannot be yet."""
    events = load_catalogue().values()
    traced = [event for event in events if event.available]
    parts = [section(title, filter(belongs, traced)) for title, belongs in SECTIONS]
    missing = " ".join(event.name for event in events if not event.available)
    unsupported = fill(missing, WIDTH, break_on_hyphens=False, break_long_words=False)
    return "\n\n".join([*parts, sets(events), f"Not supported yet\n{unsupported}\n"])


def section(title: str, events: Iterable[EventDefinition]) -> str:
    """Return a title, column headers and one line per event."""
    return "\n".join([title, COLUMNS % ("NAME", "SETS", "ARGUMENTS"), *map(event_line, events)])


def event_line(event: EventDefinition) -> str:
    """Return the line of an event."""
    arguments = ", ".join(f"{argument.type} {argument.name}" for argument in event.args)
    return COLUMNS % (event.name, " ".join(sorted(event.sets)), f"({arguments})")


def sets(events: Iterable[EventDefinition]) -> str:
    """Return the sets with the number of events that can be traced of how many."""
    every = Counter(name for event in events for name in event.sets)
    traced = Counter(name for event in events if event.available for name in event.sets)
    lines = (f"{name:<30} {traced[name]} of {every[name]}" for name in sorted(every))
    return "\n".join(["Sets", f"{'NAME':<30} EVENTS", *lines])
