# SPDX-License-Identifier: Apache-2.0
"""Shapes of syscall arguments, and what happens at the entry of syscalls."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from ..abi import CALL_SHAPES, SHAPES_MAX, ArgumentShape, CallEntry
from ..events.argument_types import shape_of
from ..events.catalogue import EventDefinition
from ..events.shapes import Shape
from ..events.structures import Extent, given_structure, structure_bytes

EXEC_CALLS: Final = ("execve", "execveat")
CALLS_WITHOUT_RETURN: Final = ("exit", "exit_group", "rt_sigreturn", "sigreturn")
"""``sigreturn`` is a 32-bit syscall."""

CALLS_WITHOUT_REGISTERS: Final = (*EXEC_CALLS, "rt_sigreturn", "sigreturn")
"""Syscalls whose number is no longer in the registers at their return."""

SHAPES: Final[Mapping[Shape, ArgumentShape]] = {
    Shape.STRING: ArgumentShape.STRING,
    Shape.STRING_ARRAY: ArgumentShape.STRINGS,
    Shape.SOCKADDR: ArgumentShape.STRUCTURE,
    Shape.GIVEN_STRUCTURE: ArgumentShape.STRUCTURE,
    Shape.INT_PAIR: ArgumentShape.FILLED,
}
"""Shapes of arguments; others are numbers."""

INT_PAIR: Final = Struct("2i")

SOCKADDR_FILLED_BY: Final = frozenset(
    {"accept", "accept4", "getsockname", "getpeername", "recvfrom"}
)
"""Syscalls that return an address; they take a pointer to its length."""


def argument_shape(event: EventDefinition, index: int, *, exec_env: bool = True) -> ArgumentShape:
    """Return the shape of an argument; without ``exec_env`` the environment is skipped."""
    shape = shape_of(event.name, event.args[index])
    if shape is Shape.SOCKADDR and event.name in SOCKADDR_FILLED_BY:
        return ArgumentShape.SOCKADDR_OUT
    if event.args[index].name == "envp" and not exec_env:
        return ArgumentShape.SKIPPED
    return SHAPES.get(shape, ArgumentShape.NUMBER)


def structure_size(event: EventDefinition, index: int) -> tuple[int, int]:
    """Return the bytes of a structure, and those for each that the next argument counts."""
    shape = shape_of(event.name, event.args[index])
    if shape is Shape.INT_PAIR:
        return INT_PAIR.size, 0
    if shape is Shape.SOCKADDR:
        return 0, 1
    if shape is not Shape.GIVEN_STRUCTURE:
        return 0, 0
    given = given_structure(event.name, event.args[index].name)
    length = given.first_bytes or given.elements * structure_bytes(given.structure)
    sizes = {Extent.NEXT: (0, 1), Extent.FIXED: (length, 0), Extent.ARRAY: (0, length)}
    return sizes[given.extent]


def encoded_shapes(event: EventDefinition, *, exec_env: bool) -> bytes:
    """Return a ``struct call_shapes``."""
    indexes = range(len(event.args))
    shapes = bytes(argument_shape(event, index, exec_env=exec_env) for index in indexes)
    sizes = [structure_size(event, index) for index in indexes]
    return CALL_SHAPES.struct.pack(
        shapes.rstrip(b"\0").ljust(SHAPES_MAX, bytes([ArgumentShape.LAST])),
        bytes(fixed for fixed, _ in sizes),
        bytes(unit for _, unit in sizes),
    )


def is_given_memory(event: EventDefinition) -> bool:
    """Whether a syscall is given arguments in memory."""
    shapes = (argument_shape(event, index) for index in range(len(event.args)))
    return any(shape >= ArgumentShape.STRING for shape in shapes)


def call_entry(event: EventDefinition, *, arguments: bool) -> CallEntry:
    """Return what happens at the entry of a syscall; with ``arguments`` they are copied."""
    if event.name in EXEC_CALLS:
        return CallEntry.EXEC
    if event.name in CALLS_WITHOUT_RETURN:
        return CallEntry.WITHOUT_RETURN
    return CallEntry.ARGUMENTS if arguments and is_given_memory(event) else CallEntry.NONE
