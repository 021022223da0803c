# SPDX-License-Identifier: Apache-2.0
"""The integration cases of upstream, as data, and what of an outcome is not as they expect.

``data/tracee_cases.json`` says in ``about`` what the fields mean.
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


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An event as a case describes it; what is None or False may be anything."""

    event: str | None = None
    comm: str | None = None
    uid: int | None = None
    syscall: str | None = None
    set: str | None = None
    text: Mapping[str, str] = {}
    container: bool = False
    daemon: bool = False
    new: bool = False
    mask: int | None = None
    hex: str | None = None


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    events: tuple[Wanted, ...] = ()
    some: tuple[Wanted, ...] = ()
    order: tuple[Wanted, ...] | None = None


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
    ours: str | None = None

    def missing_events(self) -> list[str]:
        """Those of its events that the tracer cannot deliver yet."""
        named = [flag.partition("event=")[2] for flag in self.flags]
        catalogue = load_catalogue()
        return [name for name in named if name in catalogue and not catalogue[name].available]


@dataclass(frozen=True)
class Seen:
    """An event of the output; mask as in JSON, scopes as in the table."""

    event: Mapping[str, Any]
    mask: int
    scopes: str


@dataclass(frozen=True)
class Outcome:
    """Events of a run; when it began (ns since the epoch), the daemon and the container of it."""

    seen: Sequence[Seen]
    began: int
    daemon: int | None
    container: str | None

    def in_scope(self, number: int) -> Outcome:
        """What the run would have shown of this scope alone, as scope 1 (rule 3)."""
        alone = [
            Seen(one.event, 1, f"{1:016x}") for one in self.seen if one.mask >> (number - 1) & 1
        ]
        return Outcome(alone, self.began, self.daemon, self.container)


def load_cases() -> tuple[Case, ...]:
    data = msgspec.json.decode(FILE.read_bytes())
    return msgspec.convert(data["cases"], tuple[Case, ...])


def complaints(expect: Expectation, outcome: Outcome) -> Iterator[str]:
    """What is not as expected, one line each."""
    seen = outcome.seen
    if expect.order is not None:
        pairs = zip(expect.order, seen, strict=False)
        if len(seen) != len(expect.order) or not all(fits(*pair, outcome) for pair in pairs):
            yield f"not {expect.order} in this order: {described(seen)}"
        return
    odd = [one for one in seen if not any(fits(wanted, one, outcome) for wanted in expect.events)]
    if odd:
        yield f"not one of {expect.events}: {described(odd)}"
    for wanted in expect.some:
        if not any(fits(wanted, one, outcome) for one in seen):
            yield f"no event is {wanted}; there were {described(seen)}"


def described(seen: Sequence[Seen]) -> str:
    names = ("processName", "eventName", "hostProcessId", "containerId")
    return str([[one.event[name] for name in names] + [one.mask, one.scopes] for one in seen[:9]])


def fits(wanted: Wanted, one: Seen, outcome: Outcome) -> bool:
    """Whether an event is as a case describes it."""
    event = one.event
    return (
        wanted.event in (None, event["eventName"])
        and wanted.comm in (None, event["processName"])
        and wanted.uid in (None, event["userId"])
        and wanted.syscall in (None, event["syscall"])
        and wanted.mask in (None, one.mask)
        and wanted.hex in (None, one.scopes)
        and (wanted.set is None or wanted.set in load_catalogue()[event["eventName"]].sets)
        and (not wanted.container or event["containerId"] == outcome.container)
        and (not wanted.daemon or event["hostProcessId"] == outcome.daemon)
        and (not wanted.new or event["threadStartTime"] > outcome.began)
        and has_texts(event, wanted.text)
    )


def has_texts(event: Mapping[str, Any], patterns: Mapping[str, str]) -> bool:
    values = arguments(dict(event))
    return all(fnmatchcase(values.get(name) or "", text) for name, text in patterns.items())
