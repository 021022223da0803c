# SPDX-License-Identifier: Apache-2.0
"""Syscalls of the running kernel: arguments from tracefs, numbers from memory."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from tracee_ref.kernel.attach.tracefs import kernel_mount
from tracee_ref.kernel.build.btf import KIND_UNION, Btf
from vmtests.handlers import Reply, handler

ENTRY: Final = "sys_enter_"
FUNCTION: Final = "__x64_sys_"
NOT_IMPLEMENTED: Final = "ni_syscall"
NUMBER: Final = "__syscall_nr"
COPY: Final = "__data_loc"
"""Type of a copy of the string that an argument points to: not yet in 6.18, there in 7.2."""

FIELD: Final = re.compile(r"^\tfield:(.*[ *])(\w+);", re.MULTILINE)
SPELLINGS: Final = {"unsigned": "unsigned int"}
TABLE: Final = "sys_call_table"
KCORE: Final = Path("/proc/kcore")
ENTRIES_MAX: Final = 1024

ELF_HEADER: Final = struct.Struct("=32xQ16xH6x")
"""Offset and number of the program headers (linux/elf.h)."""

SEGMENT: Final = struct.Struct("=8xQQ8x8xQ8x")
"""Offset in the file, address, and size in memory."""


Layout: TypeAlias = tuple[str, int, int, bool]
"""Name, offset and size of a member in bytes, and whether it is signed."""


class Call(NamedTuple):
    """A syscall with its arguments as (type, name), spelled as in the catalogue."""

    name: str
    arguments: list[tuple[str, str]]


@handler
def syscalls() -> Reply:
    """Return the arguments of each syscall by the kernel's name of it; empty without tracefs."""
    return {call.name: call.arguments for call in traced_syscalls()}


@handler
def numbers() -> Reply:
    """Return the kernel's name of each native syscall by number; empty without /proc/kcore."""
    return {str(number): name for number, name in enumerate(table_names()) if name}


@handler
def structures(*, names: list[str]) -> Reply:
    """Return the layout of the members of structures; None for a missing one.

    Members of a structure without a name are its own; of a union there is the first one.
    """
    layouts = Layouts()
    return {name: layouts.layout(name) for name in names}


class Layouts(Btf):
    """Layouts of whole structures."""

    def layout(self, struct: str) -> list[Layout] | None:
        """Return the layout of each member; None if there is no such structure."""
        type_id = self.structure(struct)
        return None if type_id < 0 else list(self._flat(type_id, 0))

    def _flat(self, struct: int, start: int) -> Iterator[Layout]:
        union = self.kind(struct) == KIND_UNION
        for member in self.members(struct)[: 1 if union else None]:
            at, type_id = start + member.offset // 8, self.strip(member.type)
            if member.name:
                signed = self.is_signed(type_id)
                yield member.name, at, self.size_of(type_id), signed
            else:
                yield from self._flat(type_id, at)


def traced_syscalls() -> Iterator[Call]:
    """Yield the syscalls that have tracepoints.

    Those without arguments may have none, see call_function() in attach/syscall_hooks.py.
    """
    root = kernel_mount("tracefs")
    events = os.open("events/syscalls", os.O_RDONLY | os.O_DIRECTORY, dir_fd=root)
    try:
        for directory in sorted(os.listdir(events)):  # noqa: PTH208
            if directory.startswith(ENTRY):
                file = os.open(f"{directory}/format", os.O_RDONLY, dir_fd=events)
                with os.fdopen(file) as text:
                    yield Call(directory.removeprefix(ENTRY), arguments_of(text.read()))
    finally:
        os.close(events)
        os.close(root)


def arguments_of(text: str) -> list[tuple[str, str]]:
    """Return the arguments in the format of a tracepoint."""
    fields = FIELD.findall(text)
    first = next(index for index, (_, name) in enumerate(fields) if name == NUMBER)
    return [
        (SPELLINGS.get(kind.strip(), re.sub(r"\s+\*", "*", kind.strip())), name)
        for kind, name in fields[first + 1 :]
        if not kind.startswith(COPY)
    ]


def table_names() -> list[str]:
    """Return the kernel's names of the syscalls in its table; empty for one without a function."""
    functions, table = symbols()
    if table is None or not KCORE.exists():
        return []
    words = struct.unpack(f"={ENTRIES_MAX}Q", kernel_memory(table, 8 * ENTRIES_MAX))
    names = []
    for address in words:
        if address not in functions:
            break
        name = functions[address]
        names.append("" if name == NOT_IMPLEMENTED else name)
    return names


def symbols() -> tuple[dict[int, str], int | None]:
    """Return the names of the functions of syscalls by address, and the address of their table."""
    functions: dict[int, str] = {}
    table = None
    for line in Path("/proc/kallsyms").read_text().splitlines():
        address, _, name, *module = line.split()
        if name == TABLE and not module:
            table = int(address, 16)
        elif name.startswith(FUNCTION):
            functions[int(address, 16)] = name.removeprefix(FUNCTION)
    return functions, table


def kernel_memory(address: int, size: int) -> bytes:
    """Return kernel memory; KeyError if /proc/kcore has none at the address."""
    with KCORE.open("rb", buffering=0) as core:
        headers, count = ELF_HEADER.unpack(core.read(ELF_HEADER.size))
        core.seek(headers)
        for offset, start, length in SEGMENT.iter_unpack(core.read(SEGMENT.size * count)):
            if start <= address < start + length:
                core.seek(offset + address - start)
                return core.read(size)
    raise KeyError(hex(address))
