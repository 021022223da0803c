# SPDX-License-Identifier: Apache-2.0
"""Examples of docs/guide/filters.md, each as a scope of one run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.kinds import FILTER_KINDS, Kind
from tracee_ref.filters.parse import parse_filters
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import arguments, run, trace

Event: TypeAlias = Mapping[str, Any]

COMMAND: Final = ["bash", "-c", "ls /etc/hostname; cat /etc/hostname /none; true"]
EVENTS: Final = "event=openat,sched_process_exec"
EVERYTHING: Final = 64
"""The scope with these events and without filters."""

CONTAINER: Final = re.compile("[0-9a-f]{64}")


def of_openat(holds: Callable[[Event], bool]) -> Callable[[Event, str], bool]:
    return lambda event, _: event["eventName"] != "openat" or holds(event)


SELECTS: Final[Mapping[str, Callable[[Event, str], bool]]] = {
    # by kind of filter: whether its example selects an event; arguments: event, /proc/self/cgroup
    "comm": lambda event, _: event["processName"].startswith(("bash", "ssh")),
    "uid": lambda event, _: event["userId"] >= 1000,
    "pid": lambda event, _: bool({event["hostProcessId"], event["hostThreadId"]} & {510, 1709}),
    "binary": lambda event, _: event["processName"] == "ls",
    "container": lambda *_: (
        False
    ),  # the container of this machine, if any, is older than the tracer
    "!container": lambda _, cgroups: CONTAINER.search(cgroups) is None,
    "mntns": lambda event, _: event["mountNamespace"] == 4026531840,
    "pidns": lambda event, _: event["pidNamespace"] != 4026531836,
    "tree": lambda event, _: event["hostProcessId"] == 3213,
    "uts": lambda event, _: event["hostName"].startswith("web"),
    "follow": lambda *_: True,  # the command is bash, and starts all the others
    "args": of_openat(lambda event: arguments(dict(event))["pathname"].startswith("/etc/")),
    "retval": of_openat(lambda event: event["returnValue"] < 0),
    "context": of_openat(lambda event: event["processName"] == "cat"),
}


def flags_of(kind: Kind) -> list[str]:
    return shlex.split(kind.command)[1::2]


def is_supported(kind: Kind) -> bool:
    """Return whether the tracer supports the example of a kind."""
    try:
        parse_filters(flags_of(kind), load_catalogue())
    except UsageError as error:
        return "not supported yet" not in str(error)
    return True


def options(scopes: Mapping[int, Kind]) -> str:
    flags = [f"{EVERYTHING}:{EVENTS}"]
    for number, kind in scopes.items():
        flags += [f"{number}:{EVENTS}", *(f"{number}:{flag}" for flag in flags_of(kind))]
    return " ".join(f"-f {flag}" for flag in flags) + " -o json"


@pytest.mark.host_only
def test_filter_examples_select(kernel: Kernel) -> None:
    """Each example selects the events that the reference describes."""
    kinds = [kind for kind in FILTER_KINDS if kind.name in SELECTS and is_supported(kind)]
    scopes = dict(enumerate(kinds, 1))
    traced = trace(kernel, options(scopes), COMMAND)
    cgroups = run(kernel, ["cat", "/proc/self/cgroup"]).stdout
    assert {event["processName"] for event in traced.events} == {"bash", "ls", "cat"}
    wrong = [
        (kind.example, event)
        for event in traced.events
        for number, kind in scopes.items()
        if bool(event["matchedScopes"] >> (number - 1) & 1) != SELECTS[kind.name](event, cgroups)
    ]
    assert not wrong
    assert traced.account.balances()


@pytest.mark.host_only
def test_filter_examples_of_events(kernel: Kernel) -> None:
    """The examples of event= and set= select their events."""
    chosen, of_set = (
        next(kind for kind in FILTER_KINDS if kind.name == name) for name in ("event", "set")
    )
    traced = trace(kernel, f"-f 1:{chosen.example} -f 2:{of_set.example} -o json", COMMAND)
    traced_masks = {(event["eventName"], event["matchedScopes"]) for event in traced.events}
    assert {("openat", 0b11), ("sched_process_exec", 0b01), ("close", 0b10)} <= traced_masks
    in_fs = {name for name, definition in load_catalogue().items() if "fs" in definition.sets}
    for name, mask in traced_masks:
        assert bool(mask & 0b01) == (name == "openat" or name.startswith("sched_process"))
        assert bool(mask & 0b10) == (name in in_fs)


def test_filter_examples_complete() -> None:
    """Every kind of filter of the reference is tested here."""
    assert {kind.name for kind in FILTER_KINDS} == {*SELECTS, "event", "set"}
