# SPDX-License-Identifier: Apache-2.0
"""Integration cases of Tracee v0.12 as data, and their comparison with an outcome.

``about`` of ``data/tracee_cases.json`` describes the fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from tracee_ref.events.catalogue import load_catalogue
from vmtests.runs.tracing import arguments

FILE = Path(__file__).parents[1] / "data/tracee_cases.json"


class ExpectedEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An event that a case describes; fields that are None or False are not compared."""

    event: str | None = None
    comm: str | None = None
    uid: int | None = None
    syscall: str | None = None
    set: str | None = None
    args: Mapping[str, str] = {}
    container: bool = False
    daemon: bool = False
    new: bool = False
    mask: int | None = None
    hex: str | None = None


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    events: tuple[ExpectedEvent, ...] = ()
    contains: tuple[ExpectedEvent, ...] = ()
    order: tuple[ExpectedEvent, ...] | None = None


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    line: int
    name: str
    flags: tuple[str, ...]
    commands: tuple[str, ...]
    expect: Expectation
    together: bool = False
    container: bool = False
    daemon: bool = False
    guest: str | None = None
    difference: str | None = None


@dataclass(frozen=True)
class Seen:
    """A traced event: its JSON, its mask, and its scopes as the table prints them."""

    event: Mapping[str, Any]
    mask: int
    scopes: str


@dataclass(frozen=True)
class Outcome:
    """The events of a run, its start (ns since the epoch), its daemon and its container."""

    seen: Sequence[Seen]
    start_time: int
    daemon: int | None
    container: str | None

    def in_scope(self, number: int) -> Outcome:
        """Return the outcome of one scope alone, as if it were scope 1 (rule 3)."""
        alone = [
            Seen(seen.event, 1, f"{1:016x}") for seen in self.seen if seen.mask >> (number - 1) & 1
        ]
        return Outcome(alone, self.start_time, self.daemon, self.container)


def load_cases() -> tuple[Case, ...]:
    data = msgspec.json.decode(FILE.read_bytes())
    return msgspec.convert(data["cases"], tuple[Case, ...])


def mismatches(expect: Expectation, outcome: Outcome) -> Iterator[str]:
    """Yield a line for each difference from the expectation."""
    seen = outcome.seen
    if expect.order is not None:
        pairs = zip(expect.order, seen, strict=False)
        if len(seen) != len(expect.order) or not all(matches(*pair, outcome) for pair in pairs):
            yield f"not {expect.order} in this order: {described(seen)}"
        return
    unexpected = [
        event
        for event in seen
        if not any(matches(expected, event, outcome) for expected in expect.events)
    ]
    if unexpected:
        yield f"not one of {expect.events}: {described(unexpected)}"
    for expected in expect.contains:
        if not any(matches(expected, event, outcome) for event in seen):
            yield f"no event matches {expected}: {described(seen)}"


def described(seen: Sequence[Seen]) -> str:
    names = ("processName", "eventName", "hostProcessId", "containerId")
    return str([[s.event[name] for name in names] + [s.mask, s.scopes] for s in seen[:9]])


def matches(expected: ExpectedEvent, seen: Seen, outcome: Outcome) -> bool:
    """Return whether an event is one that a case describes."""
    event = seen.event
    return (
        expected.event in (None, event["eventName"])
        and expected.comm in (None, event["processName"])
        and expected.uid in (None, event["userId"])
        and expected.syscall in (None, event["syscall"])
        and expected.mask in (None, seen.mask)
        and expected.hex in (None, seen.scopes)
        and (expected.set is None or expected.set in load_catalogue()[event["eventName"]].sets)
        and (not expected.container or event["containerId"] == outcome.container)
        and (not expected.daemon or event["hostProcessId"] == outcome.daemon)
        and (not expected.new or event["threadStartTime"] > outcome.start_time)
        and args_match(event, expected.args)
    )


def args_match(event: Mapping[str, Any], patterns: Mapping[str, str]) -> bool:
    values = arguments(dict(event))
    return all(fnmatchcase(values.get(name) or "", pattern) for name, pattern in patterns.items())
