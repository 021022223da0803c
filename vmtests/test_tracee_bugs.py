# SPDX-License-Identifier: Apache-2.0
"""Bugs of Tracee v0.12 that need a kernel: one run, with a scope or two for each.

``docs/design/tracee-v0.12-bugs.md`` has the whole table, and the tests of its other rows.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from vmtests.handlers.bugs import CHILD, FALSE, MAIN, RENAMED, ROUNDS, TRUE, UID
from vmtests.lab.kernel import Kernel
from vmtests.runs.tracing import Traced, arguments

TREE = "tree={pid}"
PARENT, OPEN = "event=getppid", "event=openat"
SCOPES = {
    "parent": (PARENT, TREE),
    "group": ("event=getpgrp", TREE),
    "exec-by-path": (
        "event=sched_process_exec", "sched_process_exec.args.pathname=*/true", TREE),
    "exec-by-context": (
        "event=sched_process_exec", "sched_process_exec.context.uid=5", TREE),
    "signature": ("event=anti_debugging", TREE),
    "trigger": ("event=ptrace", TREE),
    "trigger-filtered": (
        "event=anti_debugging,ptrace", "ptrace.retval>7", TREE),
    "signature-filtered": ("event=anti_debugging", "anti_debugging.context.uid=77", TREE),
    "files": ("event=openat,close", "openat.args.pathname=/nowhere", TREE),
    "not-this-mntns": (PARENT, "mntns!={mntns}", TREE),
    "not-that-mntns": (PARENT, "mntns!=1", TREE),
    "not-this-pidns": (PARENT, "pidns!={pidns}", TREE),
    "not-that-pidns": (PARENT, "pidns!=1", TREE),
    "renamed": (PARENT, f"comm={RENAMED}", TREE),
    "old": (PARENT, "pid!=new", TREE),
    "new": (PARENT, "pid=new", TREE),
    "uid-between": (PARENT, f"uid>={UID}", f"uid<={UID}", TREE),
    "uid-outside": (PARENT, f"uid>{UID}", "uid<5000", TREE),
    "not-this-process": (PARENT, "pid!={pid}", TREE),
    "text-and-not": (PARENT, "comm=bug*", "comm!=bug*", TREE),
    "star": (PARENT, "comm=*(1)*", TREE),
    "tree-of-all": (PARENT, "tree=1", "comm=*(1)*"),
    "returns-not": (OPEN, "openat.retval!=-20", TREE),
    "returns-between": (OPEN, "openat.retval>=-20", "openat.retval<0", TREE),
    "returns-outside": (OPEN, "openat.retval>0", "openat.retval<0", TREE),
    "path-start": (OPEN, "openat.args.pathname=/etc/host*", TREE),
    "path": (OPEN, "openat.args.pathname=/etc/hostname", TREE),
    "path-longer": (OPEN, "openat.args.pathname=/etc/hostname/*", TREE),
    "path-not": (OPEN, "openat.args.pathname!=/etc/*", TREE),
    "printed": (OPEN, "openat.args.flags=O_RDONLY|O_CLOEXEC", TREE),
    "binary": ("event=sched_process_exit", "binary={true}", TREE),
    "binary-here": ("event=sched_process_exit", "binary={mntns}:{true}", TREE),
    "binary-elsewhere": ("event=sched_process_exit", "binary=1:{true}", TREE),
}  # fmt: skip
"""Flags by name; scopes are numbered in this order."""

THREAD, OTHER_USER = "thread", "other user"
EVERYONE = {MAIN, THREAD, CHILD, OTHER_USER, RENAMED}
HOSTNAME, UPTIME, NO_DIRECTORY = "/etc/hostname", "/proc/uptime", "/etc/hostname/nothing"


def run_on(kernel: Kernel) -> tuple[Traced, int]:
    reply = kernel.ask("bugs.traced", {"scopes": SCOPES}, seconds=400, cached=True)
    assert reply["exit"] == 0, reply["stderr"]  # else tests that expect no event would pass
    return Traced.from_reply(reply), reply["pid"]


@pytest.fixture
def traced(kernel: Kernel) -> Traced:
    return run_on(kernel)[0]


def scopes_of(event: dict[str, Any]) -> set[str]:
    return {name for bit, name in enumerate(SCOPES) if event["matchedScopes"] >> bit & 1}


def named(traced: Traced, name: str) -> list[dict[str, Any]]:
    return [event for event in traced.events if event["eventName"] == name]


def caller(event: dict[str, Any]) -> str:
    """Return a label of the task: comms do not distinguish threads and users."""
    if event["hostThreadId"] != event["hostProcessId"]:
        return THREAD
    user = event["userId"] == UID and event["processName"] == MAIN
    return OTHER_USER if user else str(event["processName"])


def callers(traced: Traced, scope: str) -> set[str]:
    return {caller(event) for event in named(traced, "getppid") if scope in scopes_of(event)}


def opened(traced: Traced, scope: str) -> set[str]:
    events = [event for event in named(traced, "openat") if scope in scopes_of(event)]
    return {arguments(event)["pathname"] for event in events} & {HOSTNAME, UPTIME, NO_DIRECTORY}


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("parent", EVERYONE),
        ("not-this-mntns", set()),
        ("not-that-mntns", EVERYONE),
        ("not-this-pidns", set()),
        ("not-that-pidns", EVERYONE),
        ("renamed", {RENAMED}),
        ("old", {MAIN, THREAD, CHILD}),
        ("new", {OTHER_USER, RENAMED}),
        ("uid-between", {OTHER_USER, RENAMED}),
        ("uid-outside", set()),
        ("not-this-process", {CHILD, OTHER_USER, RENAMED}),
        ("text-and-not", set()),
        ("star", {MAIN, THREAD, OTHER_USER}),
        ("tree-of-all", {MAIN, THREAD, OTHER_USER}),
    ],
)
def test_bugs_process_filters(traced: Traced, scope: str, expected: set[str]) -> None:
    """Filters on the process, one scope each."""
    assert callers(traced, scope) == expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("returns-not", {HOSTNAME, UPTIME}),
        ("returns-between", {NO_DIRECTORY}),
        ("returns-outside", set()),
        ("path-start", {HOSTNAME, NO_DIRECTORY}),
        ("path", {HOSTNAME}),
        ("path-longer", {NO_DIRECTORY}),
        ("path-not", {UPTIME}),
        ("printed", {HOSTNAME, UPTIME, NO_DIRECTORY}),
        ("files", set()),
    ],
)
def test_bugs_field_filters(traced: Traced, scope: str, expected: set[str]) -> None:
    """Filters on event fields, one scope each."""
    assert opened(traced, scope) == expected


def test_bugs_base_event_filtered(traced: Traced) -> None:
    """An event from which others are derived is filtered itself."""
    execs = {arguments(e)["pathname"]: scopes_of(e) for e in named(traced, "sched_process_exec")}
    assert execs == {TRUE: {"exec-by-path"}}


def test_bugs_mask_per_event(traced: Traced) -> None:
    """Events of one BPF program, and successive events, have masks of their own."""
    groups = named(traced, "getpgrp")
    assert [scopes_of(event) for event in groups] == ROUNDS * [{"group"}]
    assert all("group" not in scopes_of(event) for event in named(traced, "getppid"))


def test_bugs_scope_without_event(traced: Traced) -> None:
    """A filter on openat does not filter the close events of its scope."""
    closes = named(traced, "close")
    assert len(closes) >= 2
    assert all(scopes_of(event) == {"files"} for event in closes)


def test_bugs_signature_name_mask_filters(traced: Traced) -> None:
    """A finding keeps the mask from before the filters of its trigger, in every round."""
    found = [scopes_of(event) for event in named(traced, "anti_debugging")]
    assert found == ROUNDS * [{"signature", "trigger-filtered"}]
    assert [scopes_of(event) for event in named(traced, "ptrace")] == ROUNDS * [{"trigger"}]


def test_bugs_binary_with_namespace(traced: Traced) -> None:
    """A path alone and a path with a mount namespace are alternatives."""
    ends = [scopes_of(event) for event in named(traced, "sched_process_exit")]
    assert ends == [{"binary", "binary-here"}]


def test_bugs_one_line_per_event(kernel: Kernel) -> None:
    """An event of several scopes is one line."""
    traced, pid = run_on(kernel)
    calls = Counter(caller(event) for event in named(traced, "getppid"))
    assert calls == {MAIN: ROUNDS, THREAD: 1, CHILD: 1, OTHER_USER: 1, RENAMED: 1}
    assert traced.account.balances()
    assert {e["hostProcessId"] for e in named(traced, "getppid") if caller(e) == MAIN} == {pid}
    assert FALSE not in {e["processName"] for e in traced.events}
