# SPDX-License-Identifier: Apache-2.0
"""Examples of the rules about scopes and events (1 to 3, 5 to 7, 13 to 16, 18)."""

from collections.abc import Sequence

import pytest

from tests.model.filter_text import event, process, scope
from tracee_ref.model.facts import Event, FieldValue, derived
from tracee_ref.model.match import matched_scopes
from tracee_ref.model.scope import Scope
from tracee_ref.model.selection import Selection, selected, with_dependencies


@pytest.mark.parametrize(("number", "bit"), [(1, 1), (2, 2), (42, 0x20000000000), (64, 1 << 63)])
def test_scope_bit(number: int, bit: int) -> None:
    """Rule 1."""
    assert matched_scopes([scope(number=number)], event()) == bit


@pytest.mark.parametrize("number", [-1, 0, 65])
def test_scope_number_out_of_range(number: int) -> None:
    """Rule 1."""
    with pytest.raises(ValueError, match=f"scope {number}: scopes must be between 1 and 64"):
        scope(number=number)


def test_mask_of_all_scopes() -> None:
    """Rules 1 and 2."""
    assert matched_scopes([scope(number=n) for n in range(1, 65)], event()) == 2**64 - 1


MASKS = [
    # rule, scopes, event, mask
    (2, [], event(), 0),
    (3, [scope("uid=1", 1), scope("uid=0", 2), scope("", 3)], event(), 0b110),
    (3, [scope("", 1, "close"), scope("", 2, "close openat")], event(), 0b10),
    (3, [scope("uid=0 comm=a", 1)], event(process=process("uid:0 comm:b")), 0),
    (3, [scope("uid=0 openat.retval=#1", 1)], event(retval=2), 0),
    (3, [scope("uid=1 openat.retval=#1", 1)], event(retval=1), 0),
    (6, [scope("openat.retval=#1", 1, "openat close")], event("close", retval=2), 1),
    (6, [scope("openat.retval=#1", 1, "openat close")], event(retval=2), 0),
    (6, [scope("openat.retval=#1", 1), scope("", 2)], event(retval=2), 0b10),
    (6, [scope("openat.retval=#1", 1, "close")], event(retval=1), 0),
    (13, [scope("uid=9", 1), scope("uid=9", 2)], event(process=process("followed:2")), 0b10),
    (13, [scope("uid=9", 1, "close")], event(process=process("followed:1")), 0),
    (13, [scope("openat.retval=#1")], event(process=process("followed:1"), retval=2), 0),
    (13, [scope("uid=9", 1)], event(process=process("followed:2")), 0),
    (14, [scope(), scope(number=2)], event(process=process("pid:7 tracer:1")), 0),
    (14, [scope()], event(process=process("tracer:1 followed:1")), 0),
]


@pytest.mark.parametrize(("rule", "scopes", "happened", "mask"), MASKS)
def test_mask(rule: int, scopes: Sequence[Scope], happened: Event, mask: int) -> None:
    assert matched_scopes(scopes, happened) == mask, f"rule {rule}"


FIELDS = [
    # rule, filters, fields, holds
    (4, "openat.args.flags=1,2", {"args_flags": 2}, True),
    (4, "openat.args.flags=1,2", {"args_flags": 3}, False),
    (4, "openat.args.flags=1,2 openat.args.flags!=2", {"args_flags": 2}, False),
    (4, "openat.retval=#1 openat.retval>#5", {"retval": 6}, False),
    (4, "openat.retval>#0 openat.retval<#9", {"retval": 9}, False),
    (4, "openat.retval>#0 openat.retval<#9", {"retval": 8}, True),
    (6, "openat.args.flags=1 openat.retval=#1", {"args_flags": 1, "retval": 2}, False),
    (6, "openat.context.uid=#1", {"context_uid": 1}, True),
    (6, "openat.context.uid=#1", {"args_uid": 1}, False),
    (7, "openat.args.flags=O_RDONLY", {"args_flags": "0=O_RDONLY"}, True),
    (7, "openat.args.flags=0", {"args_flags": "0=O_RDONLY"}, True),
    (7, "openat.args.flags=O_RDWR", {"args_flags": "0=O_RDONLY"}, False),
    (7, "openat.args.flags!=O_RDONLY", {"args_flags": "0=O_RDONLY"}, False),
    (7, "openat.args.flags!=0", {"args_flags": "0=O_RDONLY"}, False),
    (7, "openat.args.flags!=1", {"args_flags": "0=O_RDONLY"}, True),
    (7, "openat.args.flags=O_*", {"args_flags": "0=O_RDONLY"}, True),
    (7, "openat.args.flags=*ONLY", {"args_flags": "0=O_RDONLY"}, True),
    (7, "openat.args.pathname=/etc/*", {"args_pathname": "/etc/passwd"}, True),
    (7, "openat.args.pathname=*pass*", {"args_pathname": "/etc/passwd"}, True),
    (7, "openat.args.pathname=/etc", {"args_pathname": "/etc/passwd"}, False),
    (7, "openat.args.flags<#5", {"args_flags": 4}, True),
    (7, "openat.args.flags<#5", {"args_flags": 5}, False),
    (7, "openat.args.flags>=#5", {"args_flags": 5}, True),
    (7, "openat.args.flags>#-1", {"args_flags": -2}, False),
    (7, "openat.args.pathname<#5", {"args_pathname": "4"}, False),
    (18, "openat.args.pathname=/etc/*", {}, False),
    (18, "openat.args.pathname!=/etc/*", {}, False),
    (18, "openat.args.flags<#5", {}, False),
]


@pytest.mark.parametrize(("rule", "filters", "fields", "holds"), FIELDS)
def test_mask_with_event_filters(
    rule: int, filters: str, fields: dict[str, int | str], holds: bool
) -> None:
    assert (matched_scopes([scope(filters)], event(**fields)) == 1) is holds, f"rule {rule}"  # type: ignore[arg-type]


CATALOGUE = {
    "open": frozenset({"default", "fs"}),
    "openat": frozenset({"default", "fs"}),
    "close": frozenset({"fs"}),
    "ptrace": frozenset({"default"}),
    "kill": frozenset({"proc"}),
}
SELECTIONS = [
    # event=, event!=, set=, set!=, what is selected
    ("", "", "", "", "open openat ptrace"),
    ("close", "", "", "", "close"),
    ("open*", "", "", "", "open openat"),
    ("open* close", "openat", "", "", "open close"),
    ("openat", "open*", "", "", ""),
    ("", "ptrace", "", "", "open openat"),
    ("", "open*", "", "", "ptrace"),
    ("", "", "fs", "", "open openat close"),
    ("", "close", "fs", "", "open openat"),
    ("kill", "", "fs", "", "open openat close kill"),
    ("", "", "fs proc", "", "open openat close kill"),
    ("", "", "", "fs", "ptrace"),
    ("close", "", "", "fs", ""),
    ("kill close", "", "", "fs", "kill"),
    ("", "", "fs", "default", "close"),
    ("*", "", "", "proc", "open openat close ptrace"),
]


@pytest.mark.parametrize(("add", "remove", "sets", "not_sets", "result"), SELECTIONS)
def test_selection(add: str, remove: str, sets: str, not_sets: str, result: str) -> None:
    """Rule 5."""
    parts = (frozenset(text.split()) for text in (add, remove, sets, not_sets))
    assert selected(Selection(*parts), CATALOGUE) == frozenset(result.split())


DERIVED = [
    # rule 15: scopes, mask of the base event, mask of the derived one
    ([scope("", 1, "ptrace")], 1, 0),
    ([scope("", 1, "anti_debugging")], 0, 1),
    ([scope("", 1, "ptrace anti_debugging")], 1, 1),
    ([scope("uid=5", 1, "ptrace anti_debugging")], 1, 1),
    ([scope("uid=6", 1, "ptrace anti_debugging")], 0, 0),
    ([scope("ptrace.args.request=9", 1, "ptrace anti_debugging")], 0, 1),
    ([scope("anti_debugging.args.level=9", 1, "ptrace anti_debugging")], 1, 0),
    ([scope("anti_debugging.args.level=3", 1, "ptrace anti_debugging")], 1, 1),
    ([scope("uid=6", 2, "ptrace anti_debugging")], 2, 2),
]


@pytest.mark.parametrize(("scopes", "of_base", "of_derived"), DERIVED)
def test_mask_of_derived_event(scopes: Sequence[Scope], of_base: int, of_derived: int) -> None:
    """Rule 15; the process is followed by scope 2."""
    base = event("ptrace", process("uid:5 followed:2"), args_request=1)
    derived_event = derived(base, "anti_debugging", {("args", "level"): FieldValue(3, b"3")})
    assert derived_event.process is base.process
    assert (matched_scopes(scopes, base), matched_scopes(scopes, derived_event)) == (
        of_base,
        of_derived,
    )


DEPENDS = {"a": ["b", "c"], "b": ["d"], "d": ["a"], "e": ["e"]}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [("", ""), ("c", "c"), ("b", "a b c d"), ("a", "a b c d"), ("e c", "c e"), ("x", "x")],
)
def test_with_dependencies(chosen: str, expected: str) -> None:
    """Rule 16."""
    assert with_dependencies(chosen.split(), DEPENDS) == frozenset(expected.split())
