"""``scope-oracle explain``: why each scope matches an event, or does not."""

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
from ..streams.uncertainty import Settled
from ..streams.verdicts import Verdicts
from ..streams.wording import mask_text

SUMMARY: Final = "explain, filter by filter, which scopes an event matches"
STDIN: Final = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add flags and event."""
    parser.add_argument("-f", "--filter", action="append", default=[], dest="flags", metavar="FLAG")
    parser.add_argument(
        "event", metavar="EVENT.json",
        help="events as a tracer printed them, or as vectors have them; - is standard input",
    )  # fmt: skip


def execute(options: argparse.Namespace) -> int:
    """Print the explanation of every event."""
    semantics = model_semantics(options.flags)
    for place, data in events(options.event):
        try:
            known = settled(semantics, data)
        except (MalformedError, FormatError, KeyError, TypeError, ValueError) as error:
            remedy = "docs/guide/check-output.md has examples"
            raise UsageError(UsageCode.INPUT, f"{place}: no event ({error}) - {remedy}") from error
        print_explanation(semantics, known)
    return 0


def events(path: str) -> Iterator[tuple[str, Data]]:
    """Give the objects of a file: one, over any number of lines, or one a line."""
    text = content(path)
    try:
        yield path, json.loads(text)
    except ValueError:
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                yield f"{path}:{number}", parsed(f"{path}:{number}", line)


def parsed(place: str, line: str) -> Data:
    """Return the object of a line."""
    try:
        return json.loads(line)
    except ValueError as error:
        raise UsageError(
            UsageCode.INPUT, f"{place}: not JSON ({error}) - give one object a line"
        ) from error


def content(path: str) -> str:
    """Return the text of a file, or of standard input."""
    try:
        data = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            UsageCode.INPUT, f"{path}: {error.strerror} - give a file with an event, or -"
        ) from error
    return data.decode("utf-8", "replace")


def settled(semantics: ModelSemantics, data: Data) -> Settled:
    """Return all that an event may be; a vector's facts are all there is."""
    if not isinstance(data, dict):
        raise MalformedError("not an object")
    if "eventName" not in data:
        return Settled([read_facts(data)], 0, {})
    verdicts = Verdicts(semantics)
    data.setdefault("matchedScopes", 0)
    event = read_event(data)
    verdicts.lives.before(event)
    return verdicts.settled(event)


def print_explanation(semantics: ModelSemantics, known: Settled) -> None:
    """Print the mask, and why."""
    masks = [semantics.mask(event) for event in known.events]
    certain, some = masks[0], masks[0]
    for mask in masks:
        certain, some = certain & mask, some | mask
    print(f"{known.events[0].name}: {mask_text(certain, some & ~certain)}")
    for one in explain(semantics.scopes, known.events, known.needs):
        print("\n".join(one.lines()))
