# SPDX-License-Identifier: Apache-2.0
"""Shapes of syscall arguments, and what happens at the entry of syscalls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..abi import SHAPES_MAX, ArgumentShape, CallEntry
from ..events.argument_types import shape_of
from ..events.catalogue import EventDefinition
from ..events.shapes import Shape

EXEC_CALLS: Final = ("execve", "execveat")
CALLS_WITHOUT_RETURN: Final = ("exit", "exit_group", "rt_sigreturn", "sigreturn")
"""``sigreturn`` is a 32-bit syscall."""

SHAPES: Final[Mapping[Shape, ArgumentShape]] = {
    Shape.STRING: ArgumentShape.STRING,
    Shape.STRING_ARRAY: ArgumentShape.STRINGS,
    Shape.SOCKADDR: ArgumentShape.SOCKADDR,
    Shape.INT_PAIR: ArgumentShape.INT_PAIR,
}
"""Shapes of arguments; others are numbers."""

SOCKADDR_FILLED_BY: Final = frozenset(
    {"accept", "accept4", "getsockname", "getpeername", "recvfrom"}
)
"""Syscalls that return an address; they take a pointer to its length."""

GIVEN: Final = frozenset({ArgumentShape.STRING, ArgumentShape.SOCKADDR})
"""Shapes of arguments that a syscall is given in memory (rule 19); it fills the others."""


def argument_shape(event: EventDefinition, index: int, *, exec_env: bool = True) -> ArgumentShape:
    """Return the shape of an argument; without ``exec_env`` the environment is skipped."""
    shape = shape_of(event.name, event.args[index])
    if shape is Shape.SOCKADDR and event.name in SOCKADDR_FILLED_BY:
        return ArgumentShape.SOCKADDR_OUT
    if event.args[index].name == "envp" and not exec_env:
        return ArgumentShape.SKIPPED
    return SHAPES.get(shape, ArgumentShape.NUMBER)


def encoded_shapes(event: EventDefinition, *, exec_env: bool) -> bytes:
    """Return the shapes of all arguments, as ``struct call_shapes`` has them."""
    indexes = range(len(event.args))
    shapes = bytes(argument_shape(event, index, exec_env=exec_env) for index in indexes)
    return shapes.rstrip(b"\0").ljust(SHAPES_MAX, bytes([ArgumentShape.LAST]))


def is_given_memory(event: EventDefinition) -> bool:
    """Whether a syscall is given arguments in memory."""
    return any(argument_shape(event, index) in GIVEN for index in range(len(event.args)))


def call_entry(event: EventDefinition, *, arguments: bool) -> CallEntry:
    """Return what happens at the entry of a syscall; with ``arguments`` they are copied."""
    if event.name in EXEC_CALLS:
        return CallEntry.EXEC
    if event.name in CALLS_WITHOUT_RETURN:
        return CallEntry.WITHOUT_RETURN
    return CallEntry.ARGUMENTS if arguments and is_given_memory(event) else CallEntry.NONE
