# SPDX-License-Identifier: Apache-2.0
"""``scope-oracle explain``: reasons why a scope matches an event or not."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ...errors import UsageCode, UsageError
from ..protocol.encoding import Data, FormatError
from ..protocol.facts import read_event as read_facts
from ..reference.semantics import ModelSemantics, model_semantics
from ..run.explain import explain
from ..streams.events_json import MalformedError, read_event
from ..streams.uncertainty import PossibleEvents
from ..streams.verdicts import Verdicts
from ..streams.wording import mask_text

SUMMARY: Final = "explain, filter by filter, which scopes an event matches"
STDIN: Final = "-"


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
    for position, data in events(options.event):
        try:
            possible = possible_events(semantics, data)
        except (MalformedError, FormatError, KeyError, TypeError, ValueError) as error:
            remedy = "docs/guide/check-output.md has examples"
            raise UsageError(
                UsageCode.INPUT, f"{position}: not an event ({error}) - {remedy}"
            ) from error
        print_explanation(semantics, possible)
    return 0


def events(path: str) -> Iterator[tuple[str, Data]]:
    """Yield position and object: one that spans the file, or one for each line."""
    text = content(path)
    try:
        yield path, json.loads(text)
    except ValueError:
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                yield f"{path}:{number}", parsed(f"{path}:{number}", line)


def parsed(position: str, line: str) -> Data:
    """Parse a line; raise UsageError if it is not JSON."""
    try:
        return json.loads(line)
    except ValueError as error:
        raise UsageError(
            UsageCode.INPUT, f"{position}: not JSON ({error}) - give one object a line"
        ) from error


def content(path: str) -> str:
    """Read a file, or standard input; raise UsageError if that fails."""
    try:
        data = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            UsageCode.INPUT, f"{path}: {error.strerror} - give a file with an event, or -"
        ) from error
    return data.decode("utf-8", "replace")


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
    print(f"{possible.events[0].name}: {mask_text(certain, any_mask & ~certain)}")
    for explanation in explain(semantics.scopes, possible.events, possible.needs):
        print("\n".join(explanation.lines()))
