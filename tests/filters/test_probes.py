# SPDX-License-Identifier: Apache-2.0
"""Flags that name events at hooks of the user's choice."""

from __future__ import annotations

import pytest

from tracee_ref.errors import UsageCode, UsageError
from tracee_ref.events.catalogue import ArgumentDefinition, EventDefinition
from tracee_ref.events.shapes import Shape
from tracee_ref.filters.format import format_scopes
from tracee_ref.filters.parse import parse_filters
from tracee_ref.filters.requests import requested_probes
from tracee_ref.filters.syntax import split_flag

ARGUMENTS = (
    ArgumentDefinition("dentry", "struct dentry*", Shape.STRING),
    ArgumentDefinition("count", "size_t"),
)
MALLOC = "uprobe:/usr/lib/libc.so.6:malloc"
CATALOGUE = {
    name: EventDefinition(number, name, False, sets, ARGUMENTS, True)
    for number, (name, sets) in enumerate(
        {
            "openat": frozenset({"default", "fs"}),
            "kprobe:vfs_unlink": frozenset[str](),
            "kprobe:vfs_read": frozenset[str](),
            "kprobe:ip_rcv.isra.0": frozenset[str](),
            "tracepoint:sched:sched_wakeup": frozenset[str](),
            MALLOC: frozenset[str](),
        }.items()
    )
}

NAMES = {
    "event=kprobe:vfs_unlink": (1, "event"),
    "7:event!=kprobe:vfs_unlink": (7, "event"),
    "kprobe:vfs_unlink.args.dentry=*victim*": (1, "kprobe:vfs_unlink.args.dentry"),
    "64:kprobe:vfs_unlink.retval!=0": (64, "kprobe:vfs_unlink.retval"),
    f"3:{MALLOC}.args.size>4096": (3, f"{MALLOC}.args.size"),
}


@pytest.mark.parametrize(("flag", "expected"), NAMES.items())
def test_probe_flag_split(flag: str, expected: tuple[int, str]) -> None:
    """The colons of a name are no end of a scope."""
    split = split_flag(flag)
    assert (split.scope, split.name) == expected


def test_probe_filters() -> None:
    """Filters on arguments, return value and context; names and symbols may have dots."""
    flags = [
        "2:event=kprobe:vfs_unlink,kprobe:ip_rcv.isra.0",
        f"2:event={MALLOC}",
        "2:kprobe:vfs_unlink.args.dentry=*victim*",
        "2:kprobe:vfs_unlink.retval<0",
        "2:kprobe:ip_rcv.isra.0.args.count>=10",
        f"2:{MALLOC}.context.comm=cat",
    ]
    (scope,) = parse_filters(flags, CATALOGUE)
    assert scope.events == {"kprobe:vfs_unlink", "kprobe:ip_rcv.isra.0", MALLOC}
    assert parse_filters(format_scopes([scope]), CATALOGUE) == (scope,)


def selected(*flags: str) -> dict[int, frozenset[str]]:
    return {scope.number: scope.events for scope in parse_filters(flags, CATALOGUE)}


def test_probe_patterns() -> None:
    """A pattern stands for such events if it has their kind."""
    both = {"kprobe:vfs_unlink", "kprobe:vfs_read"}
    assert selected("event=kprobe:vfs_*") == {1: both}
    assert selected("event=kprobe:vfs_*", "event!=kprobe:vfs_read") == {1: {"kprobe:vfs_unlink"}}
    assert selected("event!=kprobe:vfs_*") == {1: {"openat"}}


def test_probe_scopes_independent() -> None:
    """What a scope names, the ``*`` of another one does not select (rule 3)."""
    one = selected("1:event=*", "2:event=kprobe:vfs_read")
    assert one == {1: {"openat"}, 2: {"kprobe:vfs_read"}}
    assert selected("1:event=*", "1:event=kprobe:vfs_read")[1] == {"openat", "kprobe:vfs_read"}


ERRORS = {
    "kprobe:vfs_unlink.args.dentri=x": (UsageCode.ARGUMENT, "did you mean dentry?"),
    "kprobe:vfs_unlink.args.dentry>1": (UsageCode.OPERATOR, "takes = and !="),
    "kprobe:vfs_unlink.args.count=1": (UsageCode.NOT_SELECTED, "add 1:event=kprobe:vfs_unlink"),
    "kprobe:nothing.args.x=1": (UsageCode.EVENT, "kprobe:nothing"),
    "kprobe:vfs_unlink": (UsageCode.OPTION, "did you mean event=kprobe:vfs_unlink?"),
    "kprobe:vfs_unlink=1": (UsageCode.OPTION, "did you mean event=kprobe:vfs_unlink?"),
    "kprobe:vfs_unlink.count=1": (UsageCode.OPTION, "mean kprobe:vfs_unlink.args.count?"),
    "0:kprobe:vfs_unlink.retval=0": (UsageCode.SCOPE, "between 1 and 64"),
    "kprob:x.retval=0": (UsageCode.SCOPE, "'kprob' is not a number"),
    "kprobe:vfs_unlink.args.=1": (UsageCode.EXPRESSION, "EVENT.args.NAME"),
}


@pytest.mark.parametrize(("flag", "expected"), ERRORS.items())
def test_probe_flag_errors(flag: str, expected: tuple[UsageCode, str]) -> None:
    """A wrong flag is an error that names what is wrong."""
    with pytest.raises(UsageError) as error:
        parse_filters(["event=openat", flag], CATALOGUE)
    assert error.value.code is expected[0]
    assert expected[1] in str(error.value)


def test_requested_probes() -> None:
    """The names of flags, those of filters and exclusions too, but not the patterns of these."""
    flags = [
        "event=openat,kprobe:a,kprobe:b*",
        "2:e!=kprobe:c,kprobe:d*",
        "3:kprobe:e.isra.0.args.x=kprobe:not",
        "kprobe:f.context.pid=1",
        "kprobe:g=1",
        "0:kprobe:h.retval=1",
        "comm=kprobe:i",
        "event=",
        "kprobe:a.retval=1",
    ]
    found = requested_probes(flags)
    assert [*found] == ["kprobe:a", "kprobe:b*", "kprobe:c", "kprobe:e.isra.0", "kprobe:f"]
    assert found["kprobe:a"] == flags[0]
