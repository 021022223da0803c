# SPDX-License-Identifier: Apache-2.0
"""Formats of the records of tracepoints."""

from __future__ import annotations

import pytest

from tracee_ref.events.record_formats import read_format
from tracee_ref.events.shapes import Shape

HEAD = """\
name: any
ID: 372
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

"""
FIELDS = {
    "char comm[16];	offset:8;	size:16;	signed:0;": ("comm", "char[16]", Shape.STRING, ""),
    "pid_t pid;	offset:24;	size:4;	signed:1;": ("pid", "pid_t", Shape.INT32, ""),
    "xfs_ino_t ino;	offset:24;	size:8;	signed:0;": ("ino", "xfs_ino_t", Shape.UINT64, ""),
    "s8 level;	offset:24;	size:1;	signed:1;": ("level", "s8", Shape.INT64, ""),
    "int dfd;	offset:16;	size:8;	signed:0;": ("dfd", "int", Shape.INT32, ""),
    "bool x;	offset:16;	size:1;	signed:0;": ("x", "bool", Shape.BOOL, ""),
    "enum e x;	offset:16;	size:4;	signed:0;": ("x", "enum e", Shape.UINT64, ""),
    "const char * filename;	offset:24;	size:8;	signed:0;": (
        "filename", "const char*", Shape.STRING, ""),
    "const void * skaddr;	offset:8;	size:8;	signed:0;": (
        "skaddr", "const void*", Shape.POINTER, ""),
    "char ** argv;	offset:8;	size:8;	signed:0;": ("argv", "char**", Shape.POINTER, ""),
    "__data_loc char[] name;	offset:20;	size:4;	signed:0;": (
        "name", "char[]", Shape.STRING, ""),
    "__rel_loc char[] name;	offset:20;	size:4;	signed:0;": ("name", "char[]", Shape.STRING, ""),
    "__data_loc u64[] deltas;	offset:20;	size:4;	signed:0;": (
        "deltas", "u64[]", Shape.NUMBERS, "Q"),
    "__data_loc cpumask_t mask;	offset:8;	size:4;	signed:0;": (
        "mask", "cpumask_t", Shape.BYTES, ""),
    "unsigned long args[6];	offset:16;	size:48;	signed:0;": (
        "args", "unsigned long[6]", Shape.NUMBERS, "Q"),
    "int x[2];	offset:16;	size:8;	signed:1;": ("x", "int[2]", Shape.NUMBERS, "i"),
    "__u8 saddr[4];	offset:22;	size:4;	signed:0;": ("saddr", "__u8[4]", Shape.ADDRESS, ""),
    "__u8 daddr_v6[16];	offset:46;	size:16;	signed:0;": (
        "daddr_v6", "__u8[16]", Shape.ADDRESS, ""),
    "__u8 saddr[28];	offset:8;	size:28;	signed:0;": (
        "saddr", "__u8[28]", Shape.SOCKADDR, ""),
    "u8 uuid[16];	offset:8;	size:16;	signed:0;": ("uuid", "u8[16]", Shape.BYTES, ""),
    "struct two x;	offset:8;	size:16;	signed:0;": ("x", "struct two", Shape.BYTES, ""),
}  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), FIELDS.items())
def test_format_field(line: str, expected: tuple[str, str, Shape, str]) -> None:
    """A field has its name, its type as in the catalogue, and the form that it is printed in."""
    (field,) = read_format(f'{HEAD}\tfield:{line}\n\nprint fmt: "field:x y;", REC->x\n')
    assert (field.name, field.type, field.shape, field.element) == expected


def test_format_numbers() -> None:
    """Offset, size, sign, and where an array is."""
    text = HEAD + "\tfield:__rel_loc char[] a;\toffset:20;\tsize:4;\tsigned:1;\n"
    (field,) = read_format(text)
    assert (field.offset, field.size, field.signed, field.location) == (20, 4, True, "__rel_loc")


def test_format_without_fields() -> None:
    """An array without elements is left out, and what every record has."""
    assert (
        read_format(HEAD + "\tfield:unsigned long args[];\toffset:8;\tsize:0;\tsigned:0;\n") == ()
    )
