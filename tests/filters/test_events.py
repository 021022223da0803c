# SPDX-License-Identifier: Apache-2.0
"""Selection of events by the event and set flags of a scope (rules 5 and 6)."""

import pytest

from tracee_ref.errors import HostError, UsageError
from tracee_ref.events.catalogue import ArgumentDefinition, EventDefinition
from tracee_ref.filters.flag import read_filter
from tracee_ref.filters.parse import parse_filters
from tracee_ref.model.scope import EventField, Part


def event(number: int, name: str, sets: str, available: bool = True) -> EventDefinition:
    arguments = (ArgumentDefinition("fd", "int"),)
    return EventDefinition(number, name, True, frozenset(sets.split()), arguments, available)


CATALOGUE = {
    one.name: one
    for one in (
        event(0, "open", "fs"),
        event(1, "openat", "fs default"),
        event(2, "opentree", "fs", available=False),
        event(3, "close", "fs default"),
        event(4, "ptrace", "proc default"),
        event(5, "later_on", "later default", available=False),
        event(6, "later_still", "later", available=False),
        event(6018, "anti_debugging", "signatures"),
    )
}

SELECTED = {
    "event=close": "close",
    "event=open*": "open openat",
    "event=*": "open openat close ptrace anti_debugging",
    "event=close event=ptrace": "close ptrace",
    "event=close,ptrace": "close ptrace",
    "set=fs": "open openat close",
    "set=fs,proc": "open openat close ptrace",
    "set=fs set!=proc": "open openat close",
    "event=ptrace set=fs event!=open*": "close ptrace",
    "event!=open* set=fs event=ptrace": "close ptrace",
    "event!=close": "openat ptrace",
    "event!=later_on": "openat close ptrace",
    "set!=proc": "openat close",
    "set!=fs": "ptrace",
    "set!=later": "openat close ptrace",
    "event=openat,close event!=openat": "close",
    "event=openat,ptrace set!=proc": "openat",
    "event=later_*,close": "close",
    "uid=0": "openat close ptrace",
}


@pytest.mark.parametrize(("flags", "names"), SELECTED.items())
def test_select_events(flags: str, names: str) -> None:
    (scope,) = parse_filters(flags.split(), CATALOGUE)
    assert scope.events == set(names.split())


def test_signature_event_any_argument() -> None:
    """A signature event takes any argument name."""
    flag = "anti_debugging.args.whatever=1"
    (condition,) = read_filter(flag, CATALOGUE).conditions
    assert condition.key == EventField("anti_debugging", Part.ARGS, "whatever")


REMEDY = "remove an event!= or set!= flag, or add event=NAME of an event in --list"


@pytest.mark.parametrize(
    "flags", ["event!=*", "event=open event!=open", "set=fs set!=fs", "event=open set!=fs"]
)
def test_scope_without_events(flags: str) -> None:
    """The error for a scope without events names the scope."""
    numbered = [f"7:{flag}" for flag in flags.split()]
    with pytest.raises(UsageError) as error:
        parse_filters(["event=open", *numbered], CATALOGUE)
    assert str(error.value) == f"scope 7 selects no event - {REMEDY}"


@pytest.mark.parametrize("flag", ["event=later*", "set=later"])
def test_scope_with_only_unavailable_events(flag: str) -> None:
    """The error for a scope with unavailable events only names the scope."""
    with pytest.raises(UsageError) as error:
        parse_filters([flag], CATALOGUE)
    assert str(error.value) == f"scope 1 selects no event that is supported yet - {REMEDY}"


def test_select_unsupported_event_by_name() -> None:
    """An unavailable event cannot be selected by its name."""
    with pytest.raises(UsageError) as error:
        parse_filters(["event=close,later_on"], CATALOGUE)
    assert str(error.value) == "event=later_on: this event is not supported yet; see --list"


def missing_feature(event: EventDefinition) -> str:
    """What a kernel lacks that cannot deliver close."""
    return "hooks" if event.name == "close" else ""


@pytest.mark.parametrize("flags", ["set=fs", "event=open,c*", "event!=ptrace", "uid=0"])
def test_missing_feature_excludes_events(flags: str) -> None:
    """What the kernel cannot deliver is excluded."""
    (everywhere,) = parse_filters(flags.split(), CATALOGUE)
    (here,) = parse_filters(flags.split(), CATALOGUE, missing_feature)
    assert here.events == everywhere.events - {"close"} != everywhere.events


def test_missing_feature_explicit_exclusion() -> None:
    """An event that the kernel cannot deliver may be excluded by name."""
    (scope,) = parse_filters(["set=fs", "event!=close"], CATALOGUE, missing_feature)
    assert scope.events == {"open", "openat"}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("event=open,close", "event=close: unavailable here: needs hooks - remove the event"),
        ("event=clo*", "scope 1 selects no event that is available here: needs hooks - add"),
        ("set=fs close.args.fd=1", "filter 'close.args.fd=1': unavailable here: needs hooks - "),
    ],
)
def test_missing_feature_is_a_host_error(flags: str, message: str) -> None:
    """Selecting such an event by its name is an error of the host."""
    with pytest.raises(HostError) as error:
        parse_filters(flags.split(), CATALOGUE, missing_feature)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("flags", [["close.args.fd=1"], ["event=close", "2:close.args.fd=1"]])
def test_event_filter_needs_selected_event(flags: list[str]) -> None:
    """A filter on an event needs the event in its own scope."""
    flag = flags[-1]
    number = 2 if flag.startswith("2:") else 1
    with pytest.raises(UsageError) as error:
        parse_filters([*flags, f"{number}:event=openat"], CATALOGUE)
    assert str(error.value) == (
        f"filter {flag!r}: scope {number} does not select close - add {number}:event=close"
    )
