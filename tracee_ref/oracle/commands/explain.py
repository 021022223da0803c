# SPDX-License-Identifier: Apache-2.0
"""``scope-oracle explain``: reasons why a scope matches an event or not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from ...errors import UsageCode, UsageError
from ...strings import visible
from ..inputs import read_input
from ..protocol.encoding import MALFORMED, Data
from ..protocol.facts import read_event as read_facts
from ..protocol.strict_json import JsonError, parse_json
from ..reference.semantics import ModelSemantics, model_semantics
from ..run.explain import explain
from ..streams.events_json import MalformedError, read_event
from ..streams.uncertainty import PossibleEvents
from ..streams.verdicts import Verdicts
from ..streams.wording import mask_text

SUMMARY: Final = "explain, filter by filter, which scopes an event matches"
EXPECTED: Final = "give a file with an event, or -"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add all options."""
    parser.add_argument("-f", "--filter", action="append", default=[], dest="flags", metavar="FLAG")
    parser.add_argument(
        "event", metavar="EVENT.json",
        help="events in the format of a tracer or of vectors; - is standard input",
    )  # fmt: skip


def execute(options: argparse.Namespace) -> int:
    """Print the explanation of every event."""
    semantics = model_semantics(options.flags)
    found = False
    for position, data in events(options.event):
        found = True
        try:
            possible = possible_events(semantics, data)
        except (MalformedError, *MALFORMED) as error:
            remedy = "docs/guide/check-output.md has examples"
            raise UsageError(
                UsageCode.INPUT, f"{position}: not an event ({error}) - {remedy}"
            ) from error
        print_explanation(semantics, possible)
    if not found:
        raise UsageError(UsageCode.INPUT, f"{options.event}: no event in it - {EXPECTED}")
    return 0


def events(path: str) -> Iterator[tuple[str, Data]]:
    """Yield position and object: one that spans the file, or one for each line."""
    content = read_input(path, EXPECTED)
    try:
        yield path, parse_json(content)
    except JsonError:
        for number, line in enumerate(content.split(b"\n"), start=1):
            if line and not line.isspace():
                yield f"{path}:{number}", parsed(f"{path}:{number}", line)


def parsed(position: str, line: bytes) -> Data:
    """Parse a line; raise UsageError if it is not JSON."""
    try:
        return parse_json(line)
    except JsonError as error:
        raise UsageError(
            UsageCode.INPUT, f"{position}: {error} - give one object a line"
        ) from error


def possible_events(semantics: ModelSemantics, data: Data) -> PossibleEvents:
    """Return the possible events of an object; an event of a vector has all its facts."""
    if not isinstance(data, dict):
        raise MalformedError("not an object")
    if "eventName" not in data:
        return PossibleEvents([read_facts(data)], 0, {})
    verdicts = Verdicts(semantics)
    data.setdefault("matchedScopes", 0)
    event = read_event(data)
    verdicts.processes.update_before(event)
    return verdicts.possible_events(event)


def print_explanation(semantics: ModelSemantics, possible: PossibleEvents) -> None:
    """Print the mask of an event and the explanation of each scope."""
    masks = [semantics.mask(event) for event in possible.events]
    certain, any_mask = masks[0], masks[0]
    for mask in masks:
        certain, any_mask = certain & mask, any_mask | mask
    print(visible(f"{possible.events[0].name}: {mask_text(certain, any_mask & ~certain)}"))
    for explanation in explain(semantics.scopes, possible.events, possible.needs):
        print("\n".join(map(visible, explanation.lines())))
