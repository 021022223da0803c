# SPDX-License-Identifier: Apache-2.0
"""Arguments of a kernel function, from its prototype in BTF."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from ...events.argument_types import SHAPES, TYPES_BY_SHAPE
from ...events.catalogue import ArgumentDefinition
from ...events.declarations import Conversion, HookArgument, ValueSource
from ...events.record_formats import WIDTHS
from ...events.shapes import Shape
from ..build.btf import AGGREGATES, KIND_PTR, Btf

REGISTER_BYTES: Final = 8
REGISTERS: Final = 6
"""Registers with arguments on x86-64; arguments on the stack are left out."""

SOCKADDR_BYTES: Final = 128
"""``sizeof(struct sockaddr_storage)``: the kernel's copies are as long."""

UNKNOWN: Final = "u64"
"""Type of the registers of a function without a prototype."""


class PointerForm(NamedTuple):
    """How a pointer to a structure is printed; ``field`` is read instead of the structure."""

    conversion: Conversion
    shape: Shape
    field: str = ""


FORMS: Final[Mapping[str, PointerForm]] = {
    "char": PointerForm(Conversion.ANY_STRING, Shape.STRING),
    "file": PointerForm(Conversion.PATH, Shape.STRING),
    "path": PointerForm(Conversion.PATH, Shape.STRING),
    "dentry": PointerForm(Conversion.ENTRY_PATH, Shape.STRING),
    "inode": PointerForm(Conversion.NUMBER, Shape.UINT64, "i_ino"),
    "task_struct": PointerForm(Conversion.NUMBER, Shape.INT32, "pid"),
    "sockaddr": PointerForm(Conversion.SOCKADDR, Shape.SOCKADDR),
}
"""Pointers that are printed as what they point to, by the name of that; others as addresses."""

BUFFERS: Final = re.compile(r"u?buf|dst|dest|out|to$", re.ASCII)
"""Names of ``char *`` arguments that a function fills, as a rule."""

NAMES: Final[Mapping[str, str]] = {"task_struct": "comm"}
"""Fields that are printed as an argument of their own, NAME_FIELD."""


class FunctionArgument(NamedTuple):
    """An argument of a function as it is printed, and where it is read."""

    definition: ArgumentDefinition
    declaration: HookArgument


def function_arguments(btf: Btf, function: str) -> list[FunctionArgument]:
    """Return the arguments that are in registers.

    One without a name is called ``argN``, as are all of a function without a prototype.
    """
    prototype = btf.prototype(function)
    if prototype is None:
        return [_number(f"arg{i}", UNKNOWN, Shape.UINT64, i) for i in range(REGISTERS)]
    return [
        argument
        for index, (name, type_) in _in_registers(btf, prototype.arguments)
        for argument in _arguments(btf, name or f"arg{index}", type_, index)
    ]


def _in_registers(
    btf: Btf, arguments: tuple[tuple[str, int], ...]
) -> Iterator[tuple[int, tuple[str, int]]]:
    """Yield the arguments that are in one register each, with their indexes.

    A structure may take two registers.  One that is larger is in memory; what follows it is left
    out.  A variable number of arguments is a last one without a type.
    """
    register = 0
    for index, (name, type_) in enumerate(arguments):
        size = btf.size_of(type_) if type_ else 0
        count = -(-size // REGISTER_BYTES)
        if size <= 0 or count > 2 or register + count > REGISTERS:
            return
        if count == 1:
            yield index, (name, type_)
        register += count


def _arguments(btf: Btf, name: str, type_: int, index: int) -> Iterator[FunctionArgument]:
    stripped = btf.strip(type_)
    spelling = btf.spelling(type_)
    target = btf.name(btf.target(stripped)) if btf.kind(stripped) == KIND_PTR else ""
    form = FORMS.get(target)
    if form is None or (spelling == "char*" and BUFFERS.match(name)):
        yield _number(name, spelling, number_shape(btf, type_, spelling), index)
        return
    source = ValueSource(f"$arg{index + 1}", (form.field,) if form.field else ())
    length = SOCKADDR_BYTES if form.conversion is Conversion.SOCKADDR else None
    declaration = HookArgument(
        name, spelling, (source,), form.conversion, length, optional=not form.field
    )
    yield FunctionArgument(ArgumentDefinition(name, spelling, form.shape), declaration)
    if field := NAMES.get(target):
        text = ArgumentDefinition(f"{name}_{field}", "char[16]", Shape.STRING)
        where = ValueSource(source.root, (field,))
        declaration = HookArgument(text.name, text.type, (where,), Conversion.STRING)
        yield FunctionArgument(text, declaration)


def _number(name: str, type_: str, shape: Shape, index: int) -> FunctionArgument:
    declaration = HookArgument(name, type_, (ValueSource(f"$arg{index + 1}"),))
    return FunctionArgument(ArgumentDefinition(name, type_, shape), declaration)


def number_shape(btf: Btf, type_: int, spelling: str) -> Shape:
    """Return the form of a number or an address in a register."""
    stripped = btf.strip(type_)
    if btf.kind(stripped) == KIND_PTR:
        return Shape.POINTER
    known = SHAPES.get(spelling)
    if known in TYPES_BY_SHAPE and WIDTHS[known] == btf.size_of(stripped):
        return known
    if spelling == "bool" or btf.name(stripped) == "_Bool":
        return Shape.BOOL
    is_number = btf.kind(stripped) not in AGGREGATES
    return Shape.INT64 if is_number and btf.is_signed(stripped) else Shape.UINT64
