# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/guide/filters.md, each as a scope of one run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.kinds import KINDS, Kind
from tracee_ref.filters.parse import parse_filters
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import arguments, run, trace

Event: TypeAlias = Mapping[str, Any]

COMMAND: Final = ["bash", "-c", "ls /etc/hostname; cat /etc/hostname /none; true"]
EVENTS: Final = "event=openat,sched_process_exec"
EVERYTHING: Final = 64
"""The scope with these events and no filter, by which all of them are shown."""

CONTAINER: Final = re.compile("[0-9a-f]{64}")


def of_openat(holds: Callable[[Event], bool]) -> Callable[[Event, str], bool]:
    return lambda event, _: event["eventName"] != "openat" or holds(event)


SELECTS: Final[Mapping[str, Callable[[Event, str], bool]]] = {
    # whether the line of a kind's example says that it shows an event; with our own cgroups
    "comm": lambda event, _: event["processName"].startswith(("bash", "ssh")),
    "uid": lambda event, _: event["userId"] >= 1000,
    "pid": lambda event, _: bool({event["hostProcessId"], event["hostThreadId"]} & {510, 1709}),
    "binary": lambda event, _: event["processName"] == "ls",
    "container": lambda *_: False,  # ours, if we are in one, is older than the tracing
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
    """Every example can be read (tests/filters/test_reference.py); not all can be traced by yet."""
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
    kinds = [kind for kind in KINDS if kind.name in SELECTS and is_supported(kind)]
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
    chosen, of_set = (
        next(kind for kind in KINDS if kind.name == name) for name in ("event", "set")
    )
    traced = trace(kernel, f"-f 1:{chosen.example} -f 2:{of_set.example} -o json", COMMAND)
    shown = {(event["eventName"], event["matchedScopes"]) for event in traced.events}
    assert {("openat", 0b11), ("sched_process_exec", 0b01), ("close", 0b10)} <= shown
    in_fs = {name for name, definition in load_catalogue().items() if "fs" in definition.sets}
    for name, mask in shown:
        assert bool(mask & 0b01) == (name == "openat" or name.startswith("sched_process"))
        assert bool(mask & 0b10) == (name in in_fs)


def test_filter_examples_complete() -> None:
    assert {kind.name for kind in KINDS} == {*SELECTS, "event", "set"}
