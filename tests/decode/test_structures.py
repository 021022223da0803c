# SPDX-License-Identifier: Apache-2.0
"""Decoding of the structures that syscalls are given, and their symbolic forms."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tracee_ref.decode.argument_text import StructureNames
from tracee_ref.decode.call_formats import MEMBER_FORMATS
from tracee_ref.decode.structures import structure_decoder
from tracee_ref.events.argument_types import shape_of
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.events.shapes import Shape
from tracee_ref.events.structures import GIVEN_STRUCTURES, layouts, structure_bytes

HOW = struct.pack("3Q", os.O_CLOEXEC, 0o600, 8)
WAITER = struct.pack("2Q2I", 5, 0x1000, 0x82, 0)


def decoder(event: str, argument: str) -> Callable[[bytes], Any]:
    return structure_decoder(GIVEN_STRUCTURES[event, argument])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (HOW, {"flags": os.O_CLOEXEC, "mode": 0o600, "resolve": 8}),
        (HOW[:23], {"flags": os.O_CLOEXEC, "mode": 0o600}),
        (HOW[:8], {"flags": os.O_CLOEXEC}),
        (b"", {}),
        (HOW + bytes(8), {"flags": os.O_CLOEXEC, "mode": 0o600, "resolve": 8}),
        (
            HOW + b"\1\2\0\0",
            {"flags": os.O_CLOEXEC, "mode": 0o600, "resolve": 8, "unknown": "0x0102"},
        ),
    ],
)
def test_structure_of_any_length(data: bytes, expected: dict[str, Any]) -> None:
    """A structure has the members that were given, and what follows them."""
    assert decoder("openat2", "how")(data) == expected


def test_structure_signed_member() -> None:
    """Members have the sign of their type."""
    assert decoder("futex_wait", "timeout")(struct.pack("2q", -1, 2)) == {
        "tv_sec": -1,
        "tv_nsec": 2,
    }


def test_structure_array() -> None:
    """Several structures are a list; a cut one is an ellipsis."""
    one = {"val": 5, "uaddr": 0x1000, "flags": 0x82, "__reserved": 0}
    decode = decoder("futex_waitv", "waiters")
    assert decode(b"") == []
    assert decode(2 * WAITER) == [one, one]
    assert decode(2 * WAITER + WAITER[:8]) == [one, one, "..."]


def test_structure_text_at_end() -> None:
    """An array at the end is text, up to its NUL."""
    data = struct.pack("4Q", 104, 0, 40, 8) + b"hel\xfflo\0x"
    found = decoder("lsm_set_self_attr", "ctx")(data)
    assert found["ctx"] == "hel\N{REPLACEMENT CHARACTER}fflo"
    assert found["ctx_len"] == 8


def test_structure_names() -> None:
    """Members have symbolic forms, in lists too; a NULL stays one."""
    named = StructureNames("open_how")
    assert named({"flags": os.O_CLOEXEC, "mode": 0o600, "resolve": 0x48, "unknown": "0x01"}) == {
        "flags": "O_RDONLY|O_CLOEXEC",
        "mode": "S_IRUSR|S_IWUSR",
        "resolve": "RESOLVE_BENEATH|0x40",
        "unknown": "0x01",
    }
    waiters = StructureNames("futex_waitv")([{"flags": 0x82}, "..."])
    assert waiters == [{"flags": "FUTEX2_SIZE_U32|FUTEX2_PRIVATE"}, "..."]
    assert named(None) is None


def test_structures_of_arguments() -> None:
    """Structures have a layout, fit into a record, and belong to arguments of syscalls."""
    for (event, name), given in GIVEN_STRUCTURES.items():
        argument = next(a for a in load_catalogue()[event].args if a.name == name)
        assert shape_of(event, argument) is Shape.GIVEN_STRUCTURE
        assert given.structure in argument.type
        assert given.first_bytes <= given.elements * structure_bytes(given.structure) <= 128


def test_member_formats_exist() -> None:
    """Every symbolic form is of a member."""
    members = {(name, m.name) for name, fields in layouts().items() for m in fields}
    assert MEMBER_FORMATS.keys() <= members
