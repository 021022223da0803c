# SPDX-License-Identifier: Apache-2.0
"""Events in JSON lines, with the keys of Tracee v0.12 (Tracee v0.12 facts, 4.3).

Later versions of Tracee have names of policies instead of a mask, and objects for container
and pod; such an event gets the keys of v0.12 here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any, Final, NamedTuple, TypeAlias

from ...errors import HostCode, HostError
from ...model.facts import Container, Process
from ...model.filters import Binary
from ...strings import MARK, bytes_of, text_of
from ..protocol.strict_json import JsonError, parse_json
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

OPTIONAL: Final[Mapping[str, type]] = {"syscall": str, "args": list, "executable": dict}
"""Keys that an event may have -> type; null is as good as none."""

ARGUMENTS: Final[Mapping[tuple[str, str], type]] = {
    ("sched_process_fork", "child_pid"): int,
    ("sched_process_exec", "pathname"): str,
    ("container_create", "container_id"): str,
    ("existing_container", "container_id"): str,
    ("container_remove", "container_id"): str,
}
"""Arguments from which facts follow -> type."""

INTEGERS: Final = range(-(1 << 63), 1 << 64)

MAX_LINE_BYTES: Final = 1 << 22
"""Limit of a line; a longer one is not an event, and memory must not grow with it."""

MAX_JUNK_BYTES: Final = 64 << 20
MAX_JUNK_LINES: Final = 100_000
"""Limits of a line, and of lines in a row, without an event: such a file may never end."""


GZIP: Final = b"\x1f\x8b"


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
    """Yield the lines of a stream that are not empty; raise HostError if none hold an event."""
    last_event = 0
    raw_lines = iter(lambda: stream.readline(MAX_LINE_BYTES + 1), b"")
    for number, raw_line in enumerate(raw_lines, start=1):
        if len(raw_line) > MAX_LINE_BYTES or not raw_line.isspace():
            line = read_line(number, raw_line, policies)
            if line.event is not None:
                last_event = number
            yield line
        if len(raw_line) > MAX_LINE_BYTES:
            skip_line(stream, number)
        if number - last_event > MAX_JUNK_LINES:
            raise endless(f"{MAX_JUNK_LINES} lines in a row hold no event")


def read_line(number: int, line: bytes, policies: Policies | None) -> Line:
    """Return a line with its event, losses or problem."""
    try:
        if len(line) > MAX_LINE_BYTES:
            raise MalformedError(f"longer than {MAX_LINE_BYTES >> 20} MiB")
        data = parsed(line)
        losses = losses_of_object(data)
        event = None if losses else read_event(data, policies)
        return Line(number, event, losses=losses)
    except MalformedError as problem:
        return Line(number, None, str(problem))


def skip_line(stream: IO[bytes], number: int) -> None:
    """Read the rest of a line; raise HostError if it has no end."""
    size, part = MAX_LINE_BYTES, b" "
    while part and not part.endswith(b"\n"):
        part = stream.readline(MAX_LINE_BYTES)
        size += len(part)
        if size > MAX_JUNK_BYTES:
            raise endless(f"line {number} is longer than {MAX_JUNK_BYTES >> 20} MiB")


def endless(reason: str) -> HostError:
    """Return the error of a file that holds no events and may have no end."""
    return HostError(HostCode.NO_VERDICT, f"{reason}: no verdict - give a file of JSON events")


def parsed(line: bytes) -> JsonEvent:
    """Parse a line; raise MalformedError if it is not a JSON object."""
    if line.startswith(GZIP):
        raise MalformedError("compressed: give zcat FILE | scope-oracle check -")
    try:
        data = parse_json(line)
    except JsonError as error:
        raise MalformedError(str(error)) from None
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
        if not isinstance(name, str) or name not in policies:
            raise MalformedError(f"policy {name!r} is not in the mapping of --policies")
        mask |= 1 << (policies[name] - 1)
    return mask


def check(event: JsonEvent) -> None:
    """Raise MalformedError for an event without a required key."""
    for name, kind in REQUIRED.items():
        if type(event.get(name)) is not kind:
            raise MalformedError(f"no {'number' if kind is int else 'string'} {name}")
        if kind is int and event[name] not in INTEGERS:
            raise MalformedError(f"{name} is not a number of 64 bits")
    if event[MASK] < 0:
        raise MalformedError(f"{MASK} is not a number of 64 bits")
    for name, kind in OPTIONAL.items():
        if type(event.get(name)) not in (kind, type(None)):
            raise MalformedError(f"{name} is no {kind.__name__}")
    for argument in event.get("args") or ():
        check_argument(event["eventName"], argument)


def check_argument(event_name: str, argument: Any) -> None:
    """Raise MalformedError for an argument without a name, or with an impossible value."""
    if not isinstance(argument, dict) or not isinstance(argument.get("name"), str):
        raise MalformedError("an argument has no name")
    name, value = argument["name"], argument.get("value")
    if type(value) is int and value not in INTEGERS:
        raise MalformedError(f"{name} is not a number of 64 bits")
    kind = ARGUMENTS.get((event_name, name))
    if kind and value is not None and type(value) is not kind:
        raise MalformedError(f"{name} is no {'number' if kind is int else 'string'}")


def is_resolved(text: str) -> bool:
    """Return whether the bytes of a string are in the stream.

    Other tracers have U+FFFD alone for bytes that are not UTF-8; ours adds digits (rule 20).
    """
    return MARK not in text or text_of(bytes_of(text)) == text


EXECUTABLE_KEY: Final = "executable"
"""The executed file of the process, in events of later versions of Tracee."""


def binary_of(event: JsonEvent) -> Binary | None:
    """Return the executed file in the event itself, without its mount namespace."""
    executable = event.get(EXECUTABLE_KEY)
    path = executable.get("path") if isinstance(executable, dict) else None
    if not isinstance(path, str) or not path or not is_resolved(path):
        return None
    return Binary(bytes_of(path))


def process_of(event: JsonEvent, tracers: frozenset[int]) -> Process:
    """Return the facts in the event itself; ``process_state`` has the others."""
    pid, container = event["hostProcessId"], event["containerId"]
    return Process(
        pid=pid,
        tid=event["hostThreadId"],
        uid=event["userId"],
        comm=bytes_of(event["processName"]),
        uts=bytes_of(event["hostName"]),
        mntns=event["mountNamespace"],
        pidns=event["pidNamespace"],
        container=Container(container) if container else None,
        tracer=pid in tracers,
    )
