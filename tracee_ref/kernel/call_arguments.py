# SPDX-License-Identifier: Apache-2.0
"""Shapes of syscall arguments, and what happens at the entry of syscalls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..abi import SHAPE_ARRAY, SHAPE_FIXED, SHAPES_MAX, ArgumentShape, CallEntry
from ..events.argument_types import shape_of
from ..events.catalogue import EventDefinition
from ..events.shapes import Shape
from ..events.structures import Extent, GivenStructure, given_structure, structure_bytes

EXEC_CALLS: Final = ("execve", "execveat")
CALLS_WITHOUT_RETURN: Final = ("exit", "exit_group", "rt_sigreturn", "sigreturn")
"""``sigreturn`` is a 32-bit syscall."""

CALLS_WITHOUT_REGISTERS: Final = (*EXEC_CALLS, "rt_sigreturn", "sigreturn")
"""Syscalls whose number is no longer in the registers at their return."""

SHAPES: Final[Mapping[Shape, ArgumentShape]] = {
    Shape.STRING: ArgumentShape.STRING,
    Shape.STRING_ARRAY: ArgumentShape.STRINGS,
    Shape.SOCKADDR: ArgumentShape.SIZED,
    Shape.INT_PAIR: ArgumentShape.INT_PAIR,
}
"""Shapes of arguments; others are numbers."""

SOCKADDR_FILLED_BY: Final = frozenset(
    {"accept", "accept4", "getsockname", "getpeername", "recvfrom"}
)
"""Syscalls that return an address; they take a pointer to its length."""


def argument_shape(event: EventDefinition, index: int, *, exec_env: bool = True) -> int:
    """Return the shape of an argument; without ``exec_env`` the environment is skipped."""
    shape = shape_of(event.name, event.args[index])
    if shape is Shape.GIVEN_STRUCTURE:
        return structure_shape(given_structure(event.name, event.args[index].name))
    if shape is Shape.SOCKADDR and event.name in SOCKADDR_FILLED_BY:
        return ArgumentShape.SOCKADDR_OUT
    if event.args[index].name == "envp" and not exec_env:
        return ArgumentShape.SKIPPED
    return SHAPES.get(shape, ArgumentShape.NUMBER)


def structure_shape(given: GivenStructure) -> int:
    """Return the shape of a structure that a syscall is given."""
    length = given.first_bytes or given.elements * structure_bytes(given.structure)
    return {
        Extent.NEXT: ArgumentShape.SIZED,
        Extent.FIXED: SHAPE_FIXED + length,
        Extent.ARRAY: SHAPE_ARRAY + length,
    }[given.extent]


def encoded_shapes(event: EventDefinition, *, exec_env: bool) -> bytes:
    """Return the shapes of all arguments, as ``struct call_shapes`` has them."""
    indexes = range(len(event.args))
    shapes = bytes(argument_shape(event, index, exec_env=exec_env) for index in indexes)
    return shapes.rstrip(b"\0").ljust(SHAPES_MAX, bytes([ArgumentShape.LAST]))


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
