# SPDX-License-Identifier: Apache-2.0
"""Events in JSON lines, with the keys of Tracee v0.12 (Tracee v0.12 facts, 4.3).

Later versions of Tracee have names of policies instead of a mask, and objects for container
and pod; such an event gets the keys of v0.12 here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from os import fsencode
from typing import IO, Any, Final, NamedTuple, TypeAlias

from ...model.facts import Container, Process
from ...model.filters import Binary
from .losses import Losses, losses_of_object

JsonEvent: TypeAlias = dict[str, Any]
"""An event as a tracer printed it."""

REQUIRED: Final[Mapping[str, type]] = {
    **dict.fromkeys(("eventName", "processName", "hostName", "containerId"), str),
    **dict.fromkeys(("hostProcessId", "hostThreadId", "userId", "mountNamespace"), int),
    **dict.fromkeys(("pidNamespace", "timestamp", "returnValue", "matchedScopes"), int),
}
"""Keys that every event has -> type."""

MASK: Final = "matchedScopes"
POLICIES: Final = "matchedPolicies"

TITLES: Final = {"Anti-Debugging detected": "anti_debugging"}
"""Name that v0.12 prints -> name of the signature event (Tracee v0.12 facts, 3.10)."""

DECODE: Final = json.JSONDecoder().decode

MAX_LINE_BYTES: Final = 1 << 22
"""Limit of a line; a longer one is not an event, and memory must not grow with it."""


class MalformedError(Exception):
    """A line that is not an event."""


class Line(NamedTuple):
    """A line with its number from 1: an event, losses, or a problem that it has."""

    number: int
    event: JsonEvent | None
    problem: str = ""
    losses: Losses | None = None


Policies: TypeAlias = Mapping[str, int]
"""Policy name -> scope number."""


def lines(stream: IO[bytes], policies: Policies | None = None) -> Iterator[Line]:
    """Yield the lines of a stream that are not empty."""
    for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_BYTES), b""), start=1):
        if line.strip():
            try:
                data = parsed(line)
                losses = losses_of_object(data)
                event = None if losses else read_event(data, policies)
                yield Line(number, event, losses=losses)
            except MalformedError as problem:
                yield Line(number, None, str(problem))


def parsed(line: bytes) -> JsonEvent:
    """Parse a line; raise MalformedError if it is not a JSON object."""
    try:
        data = DECODE(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"not JSON ({error})") from None
    if not isinstance(data, dict):
        raise MalformedError("not an object")
    return data


def read_event(event: JsonEvent, policies: Policies | None = None) -> JsonEvent:
    """Give an object the keys of v0.12 in place; raise MalformedError if it is not an event."""
    if MASK not in event:
        adapt(event, policies)
    check(event)
    event["eventName"] = TITLES.get(event["eventName"], event["eventName"])
    return event


def adapt(event: JsonEvent, policies: Policies | None) -> None:
    """Give an event of a later version the keys of v0.12, in place."""
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
    """Return the mask of policy names; 0 for no list, which stands for no match."""
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


def check(event: JsonEvent) -> None:
    """Raise MalformedError for an event without a required key."""
    for name, kind in REQUIRED.items():
        if type(event.get(name)) is not kind:
            raise MalformedError(f"no {'number' if kind is int else 'string'} {name}")
    if not 0 <= event[MASK] < 1 << 64:
        raise MalformedError(f"{MASK} is not a number of 64 bits")


REPLACEMENT: Final = "\ufffd"
"""In JSON for bytes that are not UTF-8: a string with it is unresolved."""

EXECUTABLE_KEY: Final = "executable"
"""The executed file of the process, in events of later versions of Tracee."""


def binary_of(event: JsonEvent) -> Binary | None:
    """Return the executed file in the event itself, without its mount namespace."""
    executable = event.get(EXECUTABLE_KEY)
    path = executable.get("path") if isinstance(executable, dict) else None
    return Binary(fsencode(path)) if path and REPLACEMENT not in path else None


def process_of(event: JsonEvent, tracers: frozenset[int]) -> Process:
    """Return the facts in the event itself; ``process_state`` has the others."""
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
