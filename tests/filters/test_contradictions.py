# SPDX-License-Identifier: Apache-2.0
"""Warnings about filters that can never hold, compared with trying all facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tracee_ref.errors import UsageCode, UsageError
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.contradictions import contradictions
from tracee_ref.filters.parse import parse_filters
from tracee_ref.filters.warnings import check_container_ids, filter_warnings
from tracee_ref.model.facts import Container, Event, FieldValue, Process
from tracee_ref.model.match import field_filters_hold, process_filters_hold
from tracee_ref.model.scope import Scope

EVENTS = load_catalogue()
OPENAT = "event=openat"

NEVER = {
    "uid=0 uid!=0": "nothing: uid!=0 and uid=0 never hold together",
    "uid=5 uid>10": "nothing: uid=5 and uid>10 never hold together",
    "uid>5 uid<6": "nothing: uid<6 and uid>5 never hold together",
    "3:uid>=7 3:uid<=6": "nothing: uid<=6 and uid>=7 never hold together",
    "container !container": "nothing: !container and container never hold together",
    "container=ab container!=a": "nothing: container!=a and container=ab never hold together",
    "container=ab !container": "nothing: !container and container=ab never hold together",
    "container=new container!=new": "nothing: container!=new and container=new never hold together",
    "comm=a comm!=a": "nothing: comm!=a and comm=a never hold together",
    "comm=ab* comm!=a*": "nothing: comm!=a* and comm=ab* never hold together",
    "uts=*ab* uts!=*a*": "nothing: uts!=*a* and uts=*ab* never hold together",
    "comm=abcdefghijklmno* comm!=abcdefghijklmno": (
        "nothing: comm!=abcdefghijklmno and comm=abcdefghijklmno* never hold together"
    ),
    "tree=5 tree!=5": "nothing: tree!=5 and tree=5 never hold together",
    "tree=0": "nothing: tree=0 never holds",
    "pid>5000000": "nothing: pid>5000000 never holds",
    "mntns=99999999999": "nothing: mntns=99999999999 never holds",
    f"{OPENAT} openat.context.containerId=xyz": (
        "no openat: openat.context.containerId=xyz never holds"
    ),
    f"{OPENAT} openat.context.comm=sixteen.bytes.xx": (
        "no openat: openat.context.processName=sixteen.bytes.xx never holds"
    ),
    "pid=5 pid!=5": "nothing: pid!=5 and pid=5 never hold together",
    "pid<5 pid>5": "nothing: pid<5 and pid>5 never hold together",
    "pid=new pid!=new": "nothing: pid!=new and pid=new never hold together",
    "mntns=4 mntns!=4": "nothing: mntns!=4 and mntns=4 never hold together",
    "pidns=4 pidns!=4": "nothing: pidns!=4 and pidns=4 never hold together",
    "binary=/x binary!=/x": "nothing: binary!=/x and binary=/x never hold together",
    "binary=5:/x binary!=/x": "nothing: binary!=/x and binary=5:/x never hold together",
    f"{OPENAT} openat.args.flags=0 openat.args.flags!=O_RDONLY": (
        "no openat: openat.args.flags!=O_RDONLY and openat.args.flags=0 never hold together"
    ),
    f"{OPENAT} openat.args.pathname=/a openat.args.pathname!=*a": (
        "no openat: openat.args.pathname!=*a and openat.args.pathname=/a never hold together"
    ),
    f"{OPENAT} openat.retval>5 openat.retval<5": (
        "no openat: openat.retval<5 and openat.retval>5 never hold together"
    ),
    f"{OPENAT} openat.args.mode=99999999999": "no openat: openat.args.mode=99999999999 never holds",
    f"{OPENAT} openat.args.flags=007": "no openat: openat.args.flags=007 never holds",
    f"{OPENAT} openat.context.uid=-1": "no openat: openat.context.userId=-1 never holds",
    f"{OPENAT} openat.context.container openat.context.host": (
        "no openat: openat.context.container and openat.context.host never hold together"
    ),
}
POSSIBLE = [
    *("uid=0", "uid!=0", "uid>0 uid<10", "uid=0,5 uid!=0", "uid<1", "mntns=0", "comm=a* comm!=a"),
    *(
        "pid=5 pid>10",
        "pid=new pid!=5",
        "tree=5,6 tree!=5",
        "container=ab container!=abc",
        "follow",
    ),
    *(
        "container=new container!=ab",
        "container=new container=a",
        "binary=/x binary!=5:/x",
        "!container",
    ),
    f"{OPENAT} openat.args.flags=O_RDONLY openat.args.flags>0",
    f"{OPENAT} openat.args.flags=*CREAT* openat.args.flags!=O_RDONLY",
    f"{OPENAT} openat.args.dirfd=-100",
    f"{OPENAT} openat.context.containerId=ab*",
    f"{OPENAT} openat.context.timestamp>99999999999",
    f"{OPENAT} openat.retval<0 openat.retval!=-2",
    f"{OPENAT} openat.context.comm=a openat.context.comm!=b",
]


def scopes_of(flags: str) -> Sequence[Scope]:
    return parse_filters(flags.split(), EVENTS)


@pytest.mark.parametrize(("flags", "reason"), NEVER.items())
def test_contradictions_are_named(flags: str, reason: str) -> None:
    """Filters that can never hold are named, with their scope."""
    number = 3 if flags.startswith("3:") else 1
    (found,) = contradictions(scopes_of(flags), EVENTS)
    assert parts(found) == parts(f"scope {number} matches {reason}")


def parts(sentence: str) -> tuple[str, list[str], str]:
    """Return what the sentence is about, its filters in any order, and its end."""
    subject, _, rest = sentence.partition(": ")
    filters, _, end = rest.partition(" never ")
    return subject, sorted(filters.split(" and ")), end


@pytest.mark.parametrize("flags", POSSIBLE)
def test_contradictions_none(flags: str) -> None:
    """Filters that some fact satisfies are no contradiction."""
    assert [*contradictions(scopes_of(flags), EVENTS)] == []


def test_contradictions_of_prefixes() -> None:
    """All digits excluded after a prefix exclude it."""
    digits = "0123456789abcdef"
    for excluded, expected in ((digits, 1), (digits[1:], 0)):
        listed = ",".join(f"ab{digit}" for digit in excluded)
        assert (
            len([*contradictions(scopes_of(f"container=ab container!={listed}"), EVENTS)])
            == expected
        )


def test_contradictions_of_many_values() -> None:
    """Thousands of values take no time that is felt."""
    listed = ",".join(map(str, range(8000)))
    assert [*contradictions(scopes_of(f"uid={listed} uid!={listed}"), EVENTS)] == []
    assert [*contradictions(scopes_of(f"pid={listed}"), EVENTS)] == []


NUMBERS = st.sampled_from(["=", "!=", "<", ">", "<=", ">="]).flatmap(
    lambda op: st.integers(0, 4).map(lambda number: f"{op}{number}")
)
PATTERNS = st.builds(
    lambda op, start, text, end: f"{op}{start}{text}{end}",
    st.sampled_from(["=", "!="]),
    st.sampled_from(["", "*"]),
    st.text("ab", min_size=1, max_size=2),
    st.sampled_from(["", "*"]),
)
IDS = st.builds(str.__add__, st.sampled_from(["=", "!="]), st.sampled_from(["a", "ab", "b", "new"]))
FLAGS = (
    st.lists(NUMBERS.map("uid".__add__), max_size=4)
    | st.lists(NUMBERS.map("pid".__add__) | st.sampled_from(["pid=new", "pid!=new"]), max_size=3)
    | st.lists(PATTERNS.map("comm".__add__), max_size=4)
    | st.lists(PATTERNS.map("openat.args.pathname".__add__), max_size=4)
    | st.lists(NUMBERS.map("openat.retval".__add__), max_size=4)
    | st.lists(
        IDS.map("container".__add__) | st.sampled_from(["container", "!container"]), max_size=4
    )
)
SHORT_NAMES = [bytes(text) for length in range(6) for text in product(b"abc", repeat=length)]


def processes() -> Iterator[Process]:
    yield from (Process(uid=uid) for uid in range(7))
    ids = (*product(range(7), range(7)), (0, 0))
    yield from (Process(pid=pid, tid=tid, new=new) for pid, tid in ids for new in (False, True))
    yield from (Process(comm=text) for text in SHORT_NAMES)
    names = ("", "a", "ab", "abc", "b", "c")
    yield from (
        Process(container=Container(name.ljust(64, "0"), new))
        for name in names
        for new in (False, True)
    )


ALL_PROCESSES = [*processes()]
ALL_FIELDS = [
    *({("args", "pathname"): FieldValue(text, text)} for text in SHORT_NAMES),
    *({("retval", ""): FieldValue(number, b"%d" % number)} for number in range(-1, 7)),
]


def possible(scope: Scope) -> bool:
    """Return whether any fact satisfies a scope whose filters are on one fact."""
    if "openat" in scope.fields:
        events: Iterable[Event] = (Event("openat", Process(), fields) for fields in ALL_FIELDS)
        return any(field_filters_hold(scope, event) for event in events)
    return any(process_filters_hold(scope, process) for process in ALL_PROCESSES)


@settings(max_examples=400, deadline=None)
@given(FLAGS)
def test_contradictions_equal_the_model(flags: list[str]) -> None:
    """There is a warning exactly if the model accepts none of all facts."""
    assume(not {"uid<0", "pid<0"} & {*flags})
    (scope,) = scopes_of(" ".join([OPENAT, *flags]))
    assert bool([*contradictions([scope], EVENTS)]) is not possible(scope)


@pytest.mark.parametrize(
    "value", ["xyz", "ABC", "docker-ab", "a" * 65, "new1", "g", "a b", "\u00e9"]
)
def test_container_id_refused(value: str) -> None:
    """A container's id has hexadecimal digits, so any other prefix is refused."""
    for flag in (f"2:container={value}", f"2:c!=ab,{value}"):
        with pytest.raises(UsageError) as error:
            check_container_ids(parse_filters([flag], EVENTS))
        assert error.value.code is UsageCode.VALUE
        assert f"invalid filter value {value} - 2:container" in str(error.value)
    check_container_ids(scopes_of("container=ab,0123456789abcdef container=new !container"))


def test_binary_links_are_resolved(tmp_path: Path) -> None:
    """A path that the kernel resolves to another one is named with that."""
    program, link, folder = tmp_path / "program", tmp_path / "link", tmp_path / "folder"
    program.write_bytes(b"\x7fELF")
    link.symlink_to("program")
    folder.mkdir()
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    cases = {
        program: "",
        link: f"to {program} here; give binary={program}",
        folder / "../program": f"to {program} here; give binary={program}",
        folder / "..//link": f"to {program} here; give binary={program}",
        folder: "a directory",
        script: "a script",
        tmp_path / "missing": "",
    }
    for path, text in cases.items():
        for flag in (f"4:binary={path}", f"4:binary!={path}", f"4:binary=host:{path}"):
            found = [*filter_warnings(scopes_of(flag), EVENTS)]
            assert len(found) == bool(text)
            assert all(line.startswith("scope 4: binary") and text in line for line in found)
    assert [*filter_warnings(scopes_of(f"binary=5:{link}"), EVENTS)] == []
