"""The small catalogue that grammar vectors are about, as data.

Its events are real ones, but few: what ``set=fs`` selects would otherwise hang on how many
events an implementation has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache

from ...events.argument_types import WORDS, shape_of
from ...events.catalogue import SIGNATURES, ArgumentDefinition, EventDefinition
from .encoding import Data
from .vector import CORPUS


def catalogue_data(events: Iterable[EventDefinition]) -> list[Data]:
    """Return events for JSON."""
    return [
        {
            "id": event.id,
            "name": event.name,
            "sets": sorted(event.sets),
            "args": [argument_data(event.name, argument) for argument in event.args],
            "any_args": event.id in SIGNATURES,
        }
        for event in events
    ]


def argument_data(event: str, argument: ArgumentDefinition) -> Data:
    """Return an argument for JSON; only a ``number`` has an order (rule 7)."""
    number = shape_of(event, argument) in WORDS
    return {"name": argument.name, "type": argument.type, "number": number}


def read_catalogue(data: Iterable[Data]) -> Mapping[str, EventDefinition]:
    """Return the events by name, all of them available."""
    return {
        event["name"]: EventDefinition(
            id=event["id"],
            name=event["name"],
            syscall=False,
            sets=frozenset(event["sets"]),
            args=tuple(ArgumentDefinition(one["name"], one["type"]) for one in event["args"]),
            available=True,
        )
        for event in data
    }


@cache
def catalogue_text() -> str:
    """Return the catalogue of the corpus as it is shipped."""
    return (CORPUS / "catalogue.json").read_text(encoding="utf-8")


def shipped_catalogue() -> list[Data]:
    """Return the catalogue of the corpus, which every consumer is told in the hello."""
    events: list[Data] = json.loads(catalogue_text())["events"]
    return events
