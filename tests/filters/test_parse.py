# SPDX-License-Identifier: Apache-2.0
"""Well-formed ``-f`` flags and their scopes (rules 1 to 13)."""

import pytest

from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.flag import read_filter
from tracee_ref.filters.format import format_scopes
from tracee_ref.filters.parse import build_scopes, parse_filters
from tracee_ref.model.scope import (
    HOST_MNTNS,
    NEW,
    Binary,
    Condition,
    ContainerId,
    EventField,
    Key,
    Op,
    Part,
    Pattern,
    Scope,
    Value,
)

CATALOGUE = load_catalogue()
IN, NAME = Key.IN_CONTAINER, EventField("openat", Part.ARGS, "pathname")
FLAGS = EventField("openat", Part.ARGS, "flags")
RETVAL = EventField("openat", Part.RETVAL)
CONTEXT_PID = EventField("openat", Part.CONTEXT, "processId")
CONTEXT_COMM = EventField("openat", Part.CONTEXT, "processName")
CONTEXT_CONTAINER = EventField("openat", Part.CONTEXT, "container")

SUPPORTED: dict[str, list[tuple[Key, Op, Value]]] = {
    "comm=bash": [(Key.COMM, Op.EQ, Pattern(b"bash"))],
    "comm!=a,b": [(Key.COMM, Op.NE, Pattern(b"a")), (Key.COMM, Op.NE, Pattern(b"b"))],
    "comm=ssh*": [(Key.COMM, Op.EQ, Pattern(b"ssh", open_end=True))],
    "comm=*d": [(Key.COMM, Op.EQ, Pattern(b"d", open_start=True))],
    "comm=*s*": [(Key.COMM, Op.EQ, Pattern(b"s", open_start=True, open_end=True))],
    "comm=a:b": [(Key.COMM, Op.EQ, Pattern(b"a:b"))],
    "comm=a.args": [(Key.COMM, Op.EQ, Pattern(b"a.args"))],
    "comm=a=b<c": [(Key.COMM, Op.EQ, Pattern(b"a=b<c"))],
    "comm=abcdefghijklmno": [(Key.COMM, Op.EQ, Pattern(b"abcdefghijklmno"))],
    "comm=\udcff": [(Key.COMM, Op.EQ, Pattern(b"\xff"))],
    "uid=0": [(Key.UID, Op.EQ, 0)],
    "u!=0": [(Key.UID, Op.NE, 0)],
    "uid>5,10": [(Key.UID, Op.GT, 5), (Key.UID, Op.GT, 10)],
    "ui<7": [(Key.UID, Op.LT, 7)],
    "uid>=4294967295": [(Key.UID, Op.GE, 4294967295)],
    "uid<=0": [(Key.UID, Op.LE, 0)],
    "uid=0000000000000000000000000000007": [(Key.UID, Op.EQ, 7)],
    "p=510,1709": [(Key.PID, Op.EQ, 510), (Key.PID, Op.EQ, 1709)],
    "pi>=5": [(Key.PID, Op.GE, 5)],
    "binary=/usr/bin/ls": [(Key.BINARY, Op.EQ, Binary(b"/usr/bin/ls"))],
    "bin!=/a,/b": [(Key.BINARY, Op.NE, Binary(b"/a")), (Key.BINARY, Op.NE, Binary(b"/b"))],
    "binary=0:/usr/bin/ls": [(Key.BINARY, Op.EQ, Binary(b"/usr/bin/ls"))],
    "binary=/x.retval": [(Key.BINARY, Op.EQ, Binary(b"/x.retval"))],
    "c": [(IN, Op.EQ, True)],
    "contain": [(IN, Op.EQ, True)],
    "!container": [(IN, Op.NE, True)],
    "container=new": [(Key.CONTAINER, Op.EQ, NEW)],
    "container!=new": [(Key.CONTAINER, Op.NE, NEW)],
    "co=ab1": [(Key.CONTAINER, Op.EQ, ContainerId("ab1"))],
    f"binary=/{'x' * 479}": [(Key.BINARY, Op.EQ, Binary(b"/" + b"x" * 479))],
    "pid=new": [(Key.PID, Op.EQ, NEW)],
    "pid!=new": [(Key.PID, Op.NE, NEW)],
    "binary=host:/x": [(Key.BINARY, Op.EQ, Binary(b"/x", HOST_MNTNS))],
    "binary=12:/x": [(Key.BINARY, Op.EQ, Binary(b"/x", 12))],
    "mntns=4026531840": [(Key.MNTNS, Op.EQ, 4026531840)],
    "pidns!=1": [(Key.PIDNS, Op.NE, 1)],
    "tree=5,6": [(Key.TREE, Op.EQ, 5), (Key.TREE, Op.EQ, 6)],
    "uts!=web*": [(Key.UTS, Op.NE, Pattern(b"web", open_end=True))],
    "follow": [],
}
FIELDS: dict[str, tuple[EventField, Op, Value]] = {
    "openat.args.pathname=/etc/*": (NAME, Op.EQ, Pattern(b"/etc/", open_end=True)),
    "openat.args.pathname!=*a*": (NAME, Op.NE, Pattern(b"a", open_start=True, open_end=True)),
    "openat.args.flags=O_RDONLY": (FLAGS, Op.EQ, Pattern(b"O_RDONLY")),
    "openat.args.flags>=2": (FLAGS, Op.GE, 2),
    "openat.retval<0": (RETVAL, Op.LT, 0),
    "openat.retval=-2": (RETVAL, Op.EQ, -2),
    "openat.context.pid=7": (CONTEXT_PID, Op.EQ, 7),
    "openat.context.comm=a": (CONTEXT_COMM, Op.EQ, Pattern(b"a")),
    "openat.context.container": (CONTEXT_CONTAINER, Op.EQ, True),
    "openat.context.host": (CONTEXT_CONTAINER, Op.NE, True),
}
"""Filters on fields of openat, which the scope selects besides (rule 6)."""


@pytest.mark.parametrize(("flag", "conditions"), SUPPORTED.items())
def test_parse_flag(flag: str, conditions: list[tuple[Key, Op, Value]]) -> None:
    (scope,) = parse_filters([flag], CATALOGUE)
    assert scope.conditions == {Condition(*parts) for parts in conditions}


@pytest.mark.parametrize(("flag", "condition"), FIELDS.items())
def test_parse_event_filter(flag: str, condition: tuple[EventField, Op, Value]) -> None:
    (scope,) = parse_filters(["event=openat", flag], CATALOGUE)
    assert scope.conditions == {Condition(*condition)}


@pytest.mark.parametrize("flag", [*SUPPORTED, *FIELDS])
def test_format_and_parse_flag(flag: str) -> None:
    scopes = read_all(["event=openat", flag])
    assert read_all(format_scopes(scopes)) == scopes


def read_all(flags: list[str]) -> tuple[Scope, ...]:
    return build_scopes([read_filter(text, CATALOGUE) for text in flags], CATALOGUE)


def test_parse_no_flags() -> None:
    """Without flags there is scope 1 with the default set."""
    (scope,) = parse_filters([], CATALOGUE)
    defaults = {
        name for name, event in CATALOGUE.items() if "default" in event.sets and event.available
    }
    assert scope == Scope(1, frozenset(defaults))
    assert "sched_process_exec" in scope.events


def test_parse_scope_numbers() -> None:
    """Scopes are merged and sorted; a flag without a number is in scope 1."""
    flags = ["64:event=close", "uid=5", "3:e=openat", "1:comm=a", "+3:uid=1", "03:uid>0"]
    scopes = parse_filters(flags, CATALOGUE)
    assert [scope.number for scope in scopes] == [1, 3, 64]
    assert scopes[0].conditions == {
        Condition(Key.UID, Op.EQ, 5),
        Condition(Key.COMM, Op.EQ, Pattern(b"a")),
    }
    assert scopes[1].events == {"openat"}
    assert scopes[1].conditions == {Condition(Key.UID, Op.EQ, 1), Condition(Key.UID, Op.GT, 0)}
    assert scopes[2].events == {"close"}
    assert not scopes[2].conditions


def test_parse_follow() -> None:
    """The flag sets `follow` of its own scope only."""
    scopes = read_all(["2:fol", "2:e=close", "3:e=close"])
    assert [scope.follow for scope in scopes] == [True, False]
