# SPDX-License-Identifier: Apache-2.0
"""Event catalogue of the grammar vectors, as JSON data.

A small selection of real events: with the whole catalogue, the events in ``set=fs`` would
depend on how many events an implementation has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache

from ...events.argument_types import TYPES_BY_SHAPE, shape_of
from ...events.catalogue import SIGNATURE_IDS, ArgumentDefinition, EventDefinition
from .encoding import Data
from .vector import CORPUS


def catalogue_data(events: Iterable[EventDefinition]) -> list[Data]:
    """Return the JSON data of events, with the arguments of v0.12 only: vectors are frozen."""
    return [
        {
            "id": event.id,
            "name": event.name,
            "sets": sorted(event.sets),
            "args": [
                argument_data(event.name, arg)
                for arg in event.args
                if not (arg.optional or arg.later)
            ],
            "any_args": event.id in SIGNATURE_IDS,
        }
        for event in events
    ]


def argument_data(event: str, argument: ArgumentDefinition) -> Data:
    """Return the JSON data of an argument; ``number`` allows ``<`` and ``>`` (rule 7)."""
    number = shape_of(event, argument) in TYPES_BY_SHAPE
    return {"name": argument.name, "type": argument.type, "number": number}


def read_catalogue(data: Iterable[Data]) -> Mapping[str, EventDefinition]:
    """Return the event definitions by name, all available."""
    return {
        event["name"]: EventDefinition(
            id=event["id"],
            name=event["name"],
            syscall=False,
            sets=frozenset(event["sets"]),
            args=tuple(ArgumentDefinition(arg["name"], arg["type"]) for arg in event["args"]),
            available=True,
        )
        for event in data
    }


@cache
def catalogue_text() -> str:
    """Return the text of the shipped ``catalogue.json``."""
    return (CORPUS / "catalogue.json").read_text(encoding="utf-8")


def shipped_catalogue() -> list[Data]:
    """Return the catalogue of the shipped corpus, which the hello message carries."""
    events: list[Data] = json.loads(catalogue_text())["events"]
    return events
