# SPDX-License-Identifier: Apache-2.0
"""Warnings about symbolic values of filters that are never printed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracee_ref.decode.argument_text import FACTORIES, call_name
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters
from tracee_ref.filters.symbolic import named_numbers, unprinted
from tracee_ref.model.filters import Condition, EventField, Op, Part, Pattern
from tracee_ref.model.scope import Scope

NEVER = {
    "openat.args.flags=O_RDNLY": "no value is printed as O_RDNLY; did you mean O_RDONLY?",
    "openat.args.flags=o_creat": "no value is printed as o_creat; did you mean O_CREAT?",
    "openat.args.flags=O_CREAT": "printed as O_RDONLY|O_CREAT; give that, or *O_CREAT*",
    "openat.args.flags!=O_CREAT|O_RDWR": "this value is printed as O_RDWR|O_CREAT; give that",
    "openat.args.flags=0x241": "this value is printed as O_WRONLY|O_CREAT|O_TRUNC; give that",
    "ptrace.args.request=PTRACE_TRACME": "did you mean PTRACE_TRACEME?",
    "socket.args.domain=INET": "did you mean AF_INET?",
    "mprotect.args.prot=PROT_EXEC|PROT_READ": "this value is printed as PROT_READ|PROT_EXEC",
    "clone.args.flags=SIGCHILD": "did you mean SIGCHLD?",
}
PRINTED = (
    "openat.args.flags=O_WRONLY|O_CREAT",
    "openat.args.flags=577",
    "openat.args.flags=*O_CREAT*",
    "openat.args.flags>5",
    "openat.args.pathname=O_RDNLY",
    "openat.retval=5",
    "ptrace.args.request=0x4299",
    "read.args.fd=x",
)


def warnings_of(flag: str) -> list[str]:
    catalogue = load_catalogue()
    event = flag.partition(".")[0]
    return [*unprinted(parse_filters([f"event={event}", flag], catalogue), catalogue)]


@pytest.mark.parametrize("flag", NEVER)
def test_unprinted_warns(flag: str) -> None:
    """A value that is misspelt, incomplete or in another order is named with the remedy."""
    (line,) = warnings_of(flag)
    assert line.startswith(f"scope 1: {flag}: ")
    assert NEVER[flag] in line


@pytest.mark.parametrize("flag", PRINTED)
def test_unprinted_passes(flag: str) -> None:
    """Values that may be printed, parts of them, numbers and other fields are no warning."""
    assert warnings_of(flag) == []


INT, LONG = (1 << 32) - 1, (1 << 64) - 1


def is_long(event: str, name: str) -> bool:
    """Return whether an argument has 64 bits; those of signatures have no type."""
    found = load_catalogue().get(event)
    types = {arg.name: arg.type for arg in found.args} if found else {}
    return bool(re.search("long|64|_t", types.get(name, "")))


@given(
    st.sampled_from(sorted(FACTORIES)),
    st.sampled_from(named_numbers()) | st.integers(0, (1 << 32) - 1),
)
def test_unprinted_no_false_alarm(key: tuple[str, str], number: int) -> None:
    """What a number is printed as is no warning; an int has 32 bits."""
    event, name = key
    factory = FACTORIES[key]
    text = Pattern(factory()(number & (LONG if is_long(event, name) else INT)).encode())
    field = EventField(event, Part.ARGS, name)
    scope = Scope(1, frozenset({event}), frozenset({Condition(field, Op.EQ, text)}))
    assert factory is call_name or [*unprinted([scope], load_catalogue())] == []
