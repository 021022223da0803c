# SPDX-License-Identifier: Apache-2.0
"""Tests of the generated programs of declared events, with types of our own."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from tracee_ref.events.catalogue import native_events
from tracee_ref.events.declared_rows import read_declaration
from tracee_ref.kernel.build.btf import Btf
from tracee_ref.kernel.build.event_code import event_code, hook_points
from tracee_ref.kernel.build.value_reads import MissingTypeError

INT, PTR, ARRAY, STRUCT, UNION, FUNC, PROTO = 1, 2, 3, 4, 5, 12, 13
BIT_FIELDS = 1 << 31


class Types:
    """Writer of BTF (linux/btf.h); ids of types start at 1."""

    def __init__(self) -> None:
        self._strings = b"\0"
        self._types = b""
        self._count = 0

    def add(self, kind: int, name: str = "", last: int = 0, more: Any = (), flag: int = 0) -> int:
        length = len(more) if kind in {STRUCT, UNION, PROTO} else 0
        self._types += struct.pack("=3I", self._string(name), length | kind << 24 | flag, last)
        for words in more:
            values = (self._string(word) if isinstance(word, str) else word for word in words)
            self._types += struct.pack(f"={len(words)}I", *values)
        self._count += 1
        return self._count

    def _string(self, text: str) -> int:
        if not text:
            return 0
        self._strings += text.encode() + b"\0"
        return len(self._strings) - len(text) - 1

    def write(self, path: Path) -> Btf:
        size = len(self._types)
        lengths = (24, 0, size, size, len(self._strings))
        header = struct.pack("=HBB5I", 0xEB9F, 1, 0, *lengths)
        path.write_bytes(header + self._types + self._strings)
        return Btf(path)


@pytest.fixture
def btf(tmp_path: Path) -> Btf:
    types = Types()
    u32 = types.add(INT, "unsigned int", 4, [(32,)])
    s32 = types.add(INT, "int", 4, [(1 << 24 | 32,)])
    u64 = types.add(INT, "unsigned long", 8, [(64,)])
    char = types.add(INT, "char", 1, [(1 << 24 | 8,)])
    string = types.add(PTR, last=char)
    array = types.add(ARRAY, more=[(char, u32, 16)])
    void = types.add(PTR)
    kuid = types.add(STRUCT, "kuid", 4, [("val", u32, 0)])
    either = types.add(UNION, "", 8, [("ino", u64, 0), ("other", u32, 0)])
    inode = types.add(
        STRUCT, "inode", 24, [("mode", s32, 32), ("", either, 64), ("uid", kuid, 128)]
    )
    inode_at = types.add(PTR, last=inode)
    bits = [("low", u32, 3 << 24 | 0), ("high", u32, 5 << 24 | 11)]
    flags = types.add(STRUCT, "flags", 4, bits, BIT_FIELDS)
    wide = types.add(STRUCT, "wide", 16, [("a", u64, 0), ("b", u64, 64)])
    huge = types.add(STRUCT, "huge", 24, [("a", u64, 0)])
    fields = [
        ("inode", inode_at, 64),
        ("name", array, 128),
        ("data", void, 256),
        ("flags", flags, 320),
    ]
    file = types.add(STRUCT, "file", 64, fields)
    file_at = types.add(PTR, last=file)
    types.add(STRUCT, "pt_regs", 8, [("di", u64, 0)])
    arguments = [("wide", wide), ("file", file_at), ("text", string), ("number", s32)]
    for name, passed in (("open", arguments), ("huge", [("huge", huge), ("number", s32)])):
        types.add(FUNC, name, types.add(PROTO, last=s32, more=passed))
    types.add(FUNC, "leave", types.add(PROTO, more=[]))
    return types.write(tmp_path / "btf")


def code(btf: Btf, source: Any, hook: str = "kprobe", at: str = "open", **keys: Any) -> str:
    argument = {"name": "a", "type": "unsigned long", "from": source} | keys
    row = {"name": "new", "hook": hook, "at": at, "arguments": [argument]}
    return event_code(read_declaration(row, 800), btf)


@pytest.mark.parametrize(
    ("source", "keys", "lines"),
    [
        # A structure of 16 bytes before it takes two registers.
        ("file", {}, ["slots[0] = function_argument(ctx, 2);"]),
        # Of a register, only the bytes of its type are defined.
        ("number", {}, ["slots[0] = (s32)function_argument(ctx, 4);"]),
        ("number", {"type": "int"}, ["slots[0] = function_argument(ctx, 4);"]),
        ("number", {"mask": 7}, ["slots[0] = (s32)function_argument(ctx, 4) & 0x7;"]),
        ("$arg3", {}, ["slots[0] = function_argument(ctx, 3);"]),
        ("file.inode.mode", {}, ["READ_AT(u64, arg_file, 8)", "slots[0] = READ_AT(s32, at_1, 4);"]),
        ("file.inode.ino", {}, ["slots[0] = READ_AT(u64, at_1, 8);"]),
        ("file.inode.uid", {}, ["slots[0] = READ_AT(u32, at_1, 16);"]),
        ("file.data:inode.mode", {}, ["READ_AT(u64, arg_file, 32)", "READ_AT(s32, at_1, 4)"]),
        ("file.name[3]", {}, ["slots[0] = READ_AT(s8, arg_file, 19);"]),
        ("file.flags.low", {}, ["slots[0] = (READ_AT(u8, arg_file, 40) >> 0 & 0x7ULL);"]),
        ("file.flags.high", {}, ["slots[0] = (READ_AT(u8, arg_file, 41) >> 3 & 0x1fULL);"]),
        (["file.old", "file.inode"], {}, ["slots[0] = READ_AT(u64, arg_file, 8);"]),
        ("$task", {"type": "void*"}, ["slots[0] = (u64)bpf_get_current_task();"]),
        (
            "file.name",
            {"type": "char*", "as": "string"},
            ["put_string(&record->end, record->sent.data, (char *)(arg_file + 16))"],
        ),
        ("text", {"type": "char*", "as": "string"}, ["put_kernel_string(record, (char *)f"]),
        ("file", {"type": "char*", "as": "path"}, ["put_file(record, (struct file *)arg_file)"]),
        (
            "text",
            {"type": "bytes", "as": "bytes", "length": "number"},
            ["put_memory(record, (void *)function_argument(ctx, 3), (s32)function_argument("],
        ),
    ],
)
def test_event_code_sources(btf: Btf, source: Any, keys: Any, lines: list[str]) -> None:
    """A source is read at the offsets of the kernel, and with its types."""
    text = code(btf, source, **keys)
    assert [line for line in lines if line not in text] == []


@pytest.mark.parametrize(
    ("source", "keys", "message"),
    [
        ("file", {"at": "close|shut"}, "the kernel function close or shut"),
        ("flie", {}, "the argument flie of the kernel function open"),
        ("$arg5", {}, "the argument $arg5 of the kernel function open"),
        ("huge", {"at": "huge"}, "the argument huge of huge in a register"),
        ("number", {"at": "huge"}, "the argument number of huge in a register"),
        ("file.inod", {}, "the field inod of struct file"),
        ("number.x", {}, "fields in number, which is no structure here"),
        ("file.name[16]", {}, "an element 16 in file.name"),
        ("file.data:nothing.a", {}, "the kernel structure nothing"),
        (["file.a", "file.b"], {}, "the field a of struct file or the field b of struct file"),
        ("file.inode", {"type": "char*", "as": "path"}, "a struct file or path at file.inode"),
        ("file", {"hook": "kretprobe"}, "the argument file at the return of open"),
        ("$retval", {}, "$retval at such a hook"),
        ("$retval", {"hook": "kretprobe", "at": "leave"}, "a value that leave returns"),
        ("prev", {"hook": "raw_tracepoint", "at": "sched"}, "the tracepoint sched"),
    ],
)
def test_event_code_missing(btf: Btf, source: Any, keys: Any, message: str) -> None:
    """What the kernel lacks is named before anything is compiled."""
    with pytest.raises(MissingTypeError) as raised:
        code(btf, source, **keys)
    assert str(raised.value) == message


def test_event_code_alternatives(btf: Btf) -> None:
    """Of alternative functions the first that the kernel has is hooked."""
    row = {"name": "new", "at": ["old_open|open", "leave"], "arguments": []}
    assert hook_points(read_declaration(row, 800), btf) == ("open", "leave")


def test_event_code_joined(btf: Btf) -> None:
    """At the return, arguments are those that were kept at the entry."""
    text = code(btf, "file.inode", "kprobe+kretprobe", at_return=True)
    entry, end = text.split("int return_new", 1)
    assert "keep_hook(ctx, record);" in entry
    assert "slots" not in entry
    assert "u64 arg_file = record->arguments[2];" in end
    assert "record->sent.header.retval = (s32)function_result(ctx);" in end
    assert "slots[0] = READ_AT(u64, arg_file, 8);" in end


def test_event_code_syscall_end(btf: Btf) -> None:
    """The end of a system call is found by its numbers."""
    row = {"name": "new", "hook": "syscall_end", "at": ["dup", "dup3"], "arguments": []}
    text = event_code(read_declaration(row, 800), btf)
    numbers = {event: number for number, event in native_events().items()}
    assert f"number == {numbers[32]} || number == {numbers[292]}" in text
    assert "compat ? number == 41 || number == 330 : " in text
