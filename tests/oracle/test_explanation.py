# SPDX-License-Identifier: Apache-2.0
"""Tests of explanations, which agree with the model."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from tests.model import draws
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.model.facts import Container, Event, FieldValue, Process
from tracee_ref.model.filters import Binary, Condition, Key, Op, Pattern
from tracee_ref.model.match import matched_scopes
from tracee_ref.model.scope import Scope
from tracee_ref.oracle.run.explain import Explanation, explain

LS = Process(
    pid=7, tid=8, uid=1000, comm=b"ls", uts=b"web1", mntns=3, pidns=4, binary=Binary(b"/bin/ls", 3),
    container=Container("c0ffee", new=True), new=True, ancestry=frozenset({1, 7}),
)  # fmt: skip
FLAGS = FieldValue(0o2000000, b"O_RDONLY|O_CLOEXEC")
OPENAT = Event("openat", LS, {("args", "flags"): FLAGS})


def scopes_of(*flags: str) -> tuple[Scope, ...]:
    return parse_filters(flags, load_catalogue())


def reasons(event: Event, *flags: str) -> list[str]:
    (one,) = explain(scopes_of("event=openat", *flags), [event])
    return [f"{reason.holds} {reason.filter}: {reason.fact}" for reason in one.reasons][1:]


@given(draws.scope_sets(), draws.events)
def test_explain_agrees_with_model(scopes: tuple[Scope, ...], event: Event) -> None:
    mask = matched_scopes(scopes, event)
    for scope, one in zip(scopes, explain(scopes, [event]), strict=True):
        assert one.matches == bool(mask & scope.bit)
        assert one.matches == all(reason.holds for reason in one.reasons if reason.counts)


@given(draws.scope_sets(), draws.events)
def test_explain_undecidable(scopes: tuple[Scope, ...], event: Event) -> None:
    """Possibilities that differ in the uid alone: undecidable only where the uid is asked for."""
    others = [replace(event, process=replace(event.process, uid=uid)) for uid in (0, 3)]
    masks = [matched_scopes(scopes, one) for one in others]
    for scope, one in zip(scopes, explain(scopes, others), strict=True):
        same = (masks[0] ^ masks[1]) & scope.bit == 0
        assert (one.matches is None) is not same
        if not same:
            assert [reason.filter for reason in one.reasons if reason.holds is None]


def test_explain_every_filter() -> None:
    assert reasons(OPENAT, "comm=ls,ca*", "uid!=0", "uts=db") == [
        "True comm=ca*,ls: the thread is named ls",
        "False uts=db: the host name is web1",
        "True uid!=0: the uid is 1000",
    ]
    assert reasons(OPENAT, "pid=new", "pid!=8", "mntns=3", "pidns!=4") == [
        "True pid=new: the process is 7, the thread 8; it started after tracing did",
        "False pid!=8: the process is 7, the thread 8; it started after tracing did",
        "True mntns=3: the mount namespace is 3",
        "False pidns!=4: the pid namespace is 4",
    ]
    assert reasons(OPENAT, "binary=/bin/ls", "container=c0", "!container", "tree=9") == [
        "True binary=/bin/ls: the executed file is /bin/ls in mount namespace 3",
        "True container=c0: the container is c0ffee, started after tracing did",
        "False !container: the container is c0ffee, started after tracing did",
        "False tree=9: process 7 and its ancestors: 1 7",
    ]
    assert reasons(OPENAT, "openat.args.flags=*CLOEXEC", "openat.retval=0") == [
        "True openat.args.flags=*CLOEXEC: the value is 524288, printed O_RDONLY|O_CLOEXEC",
        "False openat.retval=0: absent or unreadable, so no filter on it holds",
    ]


def test_explain_lines() -> None:
    one = explain(scopes_of("4:event=close", "4:comm=cat"), [OPENAT])[0]
    assert [*one.lines()] == [
        "scope 4: does not match",
        "  no  event openat: not selected (rule 5)",
        "  no  comm=cat: the thread is named ls (rule 8)",
    ]


def test_explain_followed_process() -> None:
    event = replace(OPENAT, process=replace(LS, followed=1))
    (one,) = explain(scopes_of("event=openat", "comm=cat", "follow"), [event])
    assert one.matches
    assert [*one.lines()][2:] == [
        "  -   follow: the process is followed, so its process filters are not applied (rule 13)",
        "  -   comm=cat: the thread is named ls (rule 8)",
    ]


def test_explain_followed_without_follow() -> None:
    """The fact ``followed`` alone suspends process filters."""
    event = replace(OPENAT, process=replace(LS, followed=1))
    (one,) = explain(scopes_of("event=openat", "!container"), [event])
    assert one.matches
    assert [*one.lines()] == [
        "scope 1: matches",
        "  yes event openat: selected (rule 5)",
        "  -   followed: the process filters are not applied (rule 13)",
        "  -   !container: the container is c0ffee, started after tracing did (rule 11)",
    ]
    (other,) = explain(scopes_of("2:event=openat", "2:!container"), [event])
    assert [reason.filter for reason in other.reasons] == ["event openat", "!container"]


def undecidable(binary: Binary | None) -> Explanation:
    events = [replace(OPENAT, process=replace(LS, binary=one)) for one in (LS.binary, binary)]
    scopes = scopes_of("event=openat", "binary=/bin/ls")
    return explain(scopes, events, {"binary": "needs its exec"})[0]


def test_explain_undecided_filter_needs() -> None:
    assert undecidable(None).matches is None
    assert [*undecidable(None).lines()][2] == "  ?   binary=/bin/ls: needs its exec (rule 10)"
    assert undecidable(LS.binary).matches is True


def test_explain_tracer_and_odd_values() -> None:
    """The tracer matches nothing; a value that no flag can express is printed."""
    tracer = replace(OPENAT, process=replace(LS, tracer=True, comm=b"a,b"))
    scopes = Scope(1, frozenset({"openat"}), frozenset({COMMA}))
    (one,) = explain([scopes], [tracer])
    assert not one.matches
    assert "tracer's own" in [*one.lines()][2]
    assert "a,b" in one.reasons[-1].filter


COMMA = Condition(Key.COMM, Op.EQ, Pattern(b"a,b"))
