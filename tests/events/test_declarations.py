# SPDX-License-Identifier: Apache-2.0
"""Tests of the reader of declared events, and of the page about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracee_ref.errors import UsageError
from tracee_ref.events.declarations import Cast, Conversion, HookType, Root, ValueSource
from tracee_ref.events.declared_rows import (
    ARGUMENT_KEYS,
    KEYS,
    parse_source,
    read_declaration,
    read_declarations,
    shipped_declarations,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "declarations.md"
EVENT = {"name": "new", "id": 800, "at": "vfs_unlink"}


def event(**keys: Any) -> dict[str, Any]:
    return EVENT | keys


def argument(**keys: Any) -> dict[str, Any]:
    return event(arguments=[{"name": "a", "type": "int"} | keys])


def test_declarations_page_complete() -> None:
    """The page has every key, hook, source and conversion."""
    text = PAGE.read_text(encoding="utf-8")
    words = [*KEYS, *ARGUMENT_KEYS, *(hook.value for hook in HookType)]
    words += [conversion.value for conversion in Conversion] + [root.value for root in Root]
    assert [word for word in words if f"`{word}`" not in text and f"`{word}N`" not in text] == []


def test_declarations_page_example() -> None:
    """The example of the page is a declaration."""
    text = PAGE.read_text(encoding="utf-8").partition("```json\n")[2].partition("```")[0]
    (declaration,) = read_declarations([json.loads(text)])
    assert [a.type for a in declaration.arguments] == ["const char*", "unsigned long", "dev_t"]


def test_declarations_programs_say_why() -> None:
    """Only events that are programs say why they are not data."""
    for declaration in shipped_declarations().values():
        assert bool(declaration.why) == (declaration.hook is HookType.PROGRAM), declaration.name


def test_source_steps() -> None:
    """A source has a root and steps, and is printed as it was declared."""
    source = parse_source("file.private_data:socket.sk.b[3]", "x")
    assert source == ValueSource("file", ("private_data", Cast("socket"), "sk", "b", 3))
    assert str(source) == "file.private_data:socket.sk.b[3]"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (7, "event event: 7 is no mapping; write name, hook and arguments"),
        (event(name="a b"), "event event: name 'a b'; a name has letters, digits, _ and :"),
        (event(hok="kprobe"), "event new: has no 'hok'; keys are arguments, at, atomic, hook, id,"),
        (event(hook="kprob"), "event new: hook 'kprob'; use one of kprobe, kretprobe, kprobe+"),
        (event(id=None), "event new: has no id; add one that no other event has"),
        (event(at=[]), "event new: at []; name a kernel function, or list several"),
        (event(at="a|b c"), "event new: at 'b c'; name a kernel function"),
        (event(sets="fs"), "event new: sets 'fs'; write a list"),
        (event(**{"if": "a."}), "event new: 'a.': '.' is no field; write .FIELD, [INDEX]"),
        (argument(name="a-b"), "event new: argument name 'a-b'; a name has letters, digits and _"),
        (argument(type="char*"), "event new.a: type char*; the type is that of a number, or"),
        (argument(type=None), "event new.a: has no type; add the C type of the number"),
        (argument(**{"as": "pth"}), "event new.a: as 'pth'; use one of number, path, "),
        (argument(**{"as": "path"}), "event new.a: type int; the type is const char*, char*"),
        (argument(**{"from": "$now"}), "event new.a: '$now' is no source; use one of $cpu "),
        (argument(length=4), "event new.a: length; bytes, user_bytes and sockaddr have one, "),
        (argument(names="x"), "event new.a: names; an enum has names, others do not"),
        (argument(**{"as": "enum", "names": "ptrace"}), "event new.a: names 'ptrace'; tables are "),
        (argument(**{"as": "enum", "names": [1]}), "event new.a: names [1]; tables are "),
        (argument(mask=-1), "event new.a: mask -1; write the bits that are kept, as a number"),
        (argument(at_return=True), "event new.a: at_return; use it with the hook kprobe+kretprobe"),
        (
            event(
                hook="kprobe+kretprobe",
                arguments=[
                    {"name": "a", "type": "int", "at_return": True},
                    {"name": "b", "type": "int"},
                ],
            ),
            "event new: at_return; these arguments come after the others",
        ),
        (event(arguments=[{"name": "a", "type": "int"}] * 2), "event new: has two arguments 'a';"),
        (
            event(arguments=[{"name": f"a{i}", "type": "int"} for i in range(13)]),
            "event new: has 13 arguments; leave at most 12",
        ),
    ],
)
def test_declaration_errors(row: object, message: str) -> None:
    """An error is one line with the event, the fault and the remedy."""
    with pytest.raises(UsageError) as raised:
        read_declaration(row)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([event(id=2000)], "event new: id 2000; ids are 700 to 1023, each of one event"),
        ([event(), event(name="other")], "event other: id 800; ids are 700 to 1023, each of one"),
        ([event(), event(id=801)], "event new: is declared twice; rename one of them"),
        ({}, "event events: is no list; write a list of events"),
    ],
)
def test_declarations_errors(rows: object, message: str) -> None:
    """Names and ids are of one event only."""
    with pytest.raises(UsageError) as raised:
        read_declarations(rows)
    assert str(raised.value).startswith(message)


WORDS = st.one_of(
    st.sampled_from([*KEYS, *ARGUMENT_KEYS, *(c.value for c in Conversion), "a.b[1]", "$retval"]),
    st.sampled_from([hook.value for hook in HookType]),
    st.text(max_size=6),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=6)),
    max_leaves=12,
)
ROWS = st.fixed_dictionaries(
    {"name": WORDS, "id": st.integers(690, 1030)},
    optional={
        "hook": WORDS,
        "at": VALUES,
        "if": VALUES,
        "sets": VALUES,
        "arguments": st.lists(
            st.one_of(VALUES, st.dictionaries(st.sampled_from(sorted(ARGUMENT_KEYS)), VALUES)),
            max_size=3,
        ),
    },
)


@given(st.one_of(VALUES, st.lists(st.one_of(VALUES, ROWS), max_size=3)))
def test_declarations_fuzz(rows: object) -> None:
    """Whatever is declared, there is a declaration or one line."""
    message = "event "
    try:
        read_declarations(rows)
    except UsageError as error:
        message = str(error)
    assert message.startswith("event ")
    assert "\n" not in message
