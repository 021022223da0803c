# SPDX-License-Identifier: Apache-2.0
"""Lines of JSON into objects with the keys of our output (facts, section 4.3).

Tracee's later versions name policies instead of a mask, and put container and pod into
objects of their own; such an event is given the keys of v0.12.0 here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from os import fsencode
from typing import IO, Any, Final, NamedTuple, TypeAlias

from model.facts import Container, Process
from model.filters import Binary

from .losses import Losses, of_object

Traced: TypeAlias = dict[str, Any]
"""An event as the tracer printed it."""

REQUIRED: Final[Mapping[str, type]] = {
    **dict.fromkeys(("eventName", "processName", "hostName", "containerId"), str),
    **dict.fromkeys(("hostProcessId", "hostThreadId", "userId", "mountNamespace"), int),
    **dict.fromkeys(("pidNamespace", "timestamp", "returnValue", "matchedScopes"), int),
}
"""What every event has, and is judged by."""

MASK: Final = "matchedScopes"
POLICIES: Final = "matchedPolicies"

TITLES: Final = {"Anti-Debugging detected": "anti_debugging"}
"""What v0.12.0 prints for the name of a signature event (facts, section 3.10)."""

DECODE: Final = json.JSONDecoder().decode

LONGEST: Final = 1 << 22
"""Bytes of a line that are read; a longer one is no event, and would not fit memory."""


class MalformedError(Exception):
    """A line that is no event; the text says why."""


class Line(NamedTuple):
    """A line, its number from 1, and what it holds: an event, losses, or why it holds none."""

    number: int
    event: Traced | None
    problem: str = ""
    losses: Losses | None = None


Policies: TypeAlias = Mapping[str, int]
"""Policy name -> number of the scope that stands for it."""


def lines(stream: IO[bytes], policies: Policies | None = None) -> Iterator[Line]:
    """Give the lines of a stream, empty ones left out, without keeping any."""
    for number, line in enumerate(iter(lambda: stream.readline(LONGEST), b""), start=1):
        if line.strip():
            try:
                data = parsed(line)
                losses = of_object(data)
                event = None if losses else read_event(data, policies)
                yield Line(number, event, losses=losses)
            except MalformedError as problem:
                yield Line(number, None, str(problem))


def parsed(line: bytes) -> Traced:
    """Return the object of a line; MalformedError if there is none."""
    try:
        data = DECODE(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"not JSON ({error})") from None
    if not isinstance(data, dict):
        raise MalformedError("not an object")
    return data


def read_event(event: Traced, policies: Policies | None = None) -> Traced:
    """Return an object with the keys of our output; MalformedError if it is no event."""
    if MASK not in event:
        adapt(event, policies)
    check(event)
    event["eventName"] = TITLES.get(event["eventName"], event["eventName"])
    return event


def adapt(event: Traced, policies: Policies | None) -> None:
    """Give an event of a later version the keys of v0.12.0."""
    container, pod = event.get("container"), event.get("kubernetes")
    if isinstance(container, dict):
        for name, key in (("containerId", "id"), ("containerImage", "image")):
            event.setdefault(name, container.get(key, ""))
        event.setdefault("containerName", container.get("name", ""))
    if isinstance(pod, dict):
        for name in ("podName", "podNamespace", "podUID"):
            event.setdefault(name, pod.get(name, ""))
    event.setdefault("containerId", "")
    event[MASK] = policy_mask(event.get(POLICIES), policies)


def policy_mask(names: Any, policies: Policies | None) -> int:
    """Return the mask of policy names; an event that matched none may have no list."""
    if names is None and policies is not None:
        return 0
    if not isinstance(names, list) or policies is None:
        raise MalformedError(
            f"no {MASK}" if policies else f"no {MASK}; for policies give --policies"
        )
    mask = 0
    for name in names:
        if name not in policies:
            raise MalformedError(f"policy {name!r} is not in the mapping of --policies")
        mask |= 1 << (policies[name] - 1)
    return mask


def check(event: Traced) -> None:
    """Raise MalformedError for an event that lacks what every event has."""
    for name, kind in REQUIRED.items():
        if type(event.get(name)) is not kind:
            raise MalformedError(f"no {'number' if kind is int else 'text'} {name}")
    if not 0 <= event[MASK] < 1 << 64:
        raise MalformedError(f"{MASK} is no number of 64 bits")


REPLACED: Final = "\ufffd"
"""Stands in JSON for bytes that are not UTF-8: such a text is not known (docs, section 4.3)."""

PROGRAM: Final = "executable"
"""Later versions of Tracee tell the program of every process."""


def program_of(event: Traced) -> Binary | None:
    """Return the program that the event itself names, without its mount namespace."""
    named = event.get(PROGRAM)
    path = named.get("path") if isinstance(named, dict) else None
    return Binary(fsencode(path)) if path and REPLACED not in path else None


def process_of(event: Traced, tracers: frozenset[int]) -> Process:
    """Return what is known; what the stream must tell besides is in ``lives``."""
    pid, container = event["hostProcessId"], event["containerId"]
    return Process(
        pid=pid,
        tid=event["hostThreadId"],
        uid=event["userId"],
        comm=fsencode(event["processName"]),
        uts=fsencode(event["hostName"]),
        mntns=event["mountNamespace"],
        pidns=event["pidNamespace"],
        container=Container(container) if container else None,
        tracer=pid in tracers,
    )
