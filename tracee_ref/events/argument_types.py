# SPDX-License-Identifier: Apache-2.0
"""Shapes of arguments: how a register or memory is read, by C type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .catalogue import ArgumentDefinition
from .shapes import Shape
from .structures import GIVEN_STRUCTURES

TYPES_BY_SHAPE: Final[dict[Shape, str]] = {
    Shape.INT32: "int pid_t key_t key_serial_t mqd_t timer_t clockid_t landlock_rule_type",
    Shape.UINT32: "u32 uid_t gid_t qid_t mode_t dev_t",
    Shape.UINT16: "u16 umode_t old_uid_t old_gid_t old_old_uid_t",
    Shape.INT64: "long off_t loff_t",
    Shape.UINT64: "u64 size_t",
    Shape.BOOL: "bool",
}
SHAPES: Final[Mapping[str, Shape]] = {
    **{word: shape for shape, words in TYPES_BY_SHAPE.items() for word in words.split()},
    "const clockid_t": Shape.INT32,
    "unsigned int": Shape.UINT32,
    "unsigned long": Shape.UINT64,
    "int[2]": Shape.INT_PAIR,
    "bytes": Shape.BYTES,
    "struct sockaddr*": Shape.SOCKADDR,
    "slim_cred_t": Shape.CREDENTIALS,
    "char*": Shape.STRING,
    "const char*": Shape.STRING,
    "const char**": Shape.STRING_ARRAY,
    "const char*const*": Shape.STRING_ARRAY,
}
"""Shapes by C type; all other types are pointers, as in Tracee v0.12.

See docs/design/tracee-v0.12-facts.md, 5.6.
"""

STRUCTURES: Final = ("trace.", "[]trace.")
"""Prefixes of types that only derived events have (tracee_ref/packets/types.py)."""

OUTPUT_BUFFERS: Final = frozenset(
    {
        ("flistxattr", "list"),
        ("getcwd", "buf"),
        ("listxattr", "list"),
        ("listxattrat", "list"),
        ("llistxattr", "list"),
        ("lookup_dcookie", "buffer"),
        ("mq_timedreceive", "msg_ptr"),
        ("mq_timedreceive_time32", "u_msg_ptr"),
        ("readlink", "buf"),
        ("readlinkat", "buf"),
        ("syslog", "bufp"),
    }
)
"""``char*`` arguments that the kernel fills: not strings, often without a NUL."""


def shape_of(event_name: str, argument: ArgumentDefinition) -> Shape:
    """Return the shape of an argument of an event."""
    if argument.shape is not None:
        return argument.shape
    if (event_name, argument.name) in OUTPUT_BUFFERS:
        return Shape.POINTER
    if argument.type.startswith(STRUCTURES):
        return Shape.STRUCTURE
    if (event_name, argument.name) in GIVEN_STRUCTURES:
        return Shape.GIVEN_STRUCTURE
    return SHAPES.get(argument.type, Shape.POINTER)


def unsigned(bits: int) -> Callable[[int], int]:
    """Return a function that keeps the low ``bits`` of a register."""
    mask = (1 << bits) - 1
    return lambda value: value & mask


def signed(bits: int) -> Callable[[int], int]:
    """Return a function that reads the low ``bits`` of a register as two's complement."""
    mask, sign = (1 << bits) - 1, 1 << (bits - 1)
    return lambda value: ((value & mask) ^ sign) - sign


DECODERS: Final[Mapping[Shape, Callable[[int], int]]] = {
    Shape.INT32: signed(32),
    Shape.UINT32: unsigned(32),
    Shape.UINT16: unsigned(16),
    Shape.INT64: signed(64),
    Shape.BOOL: lambda value: value & 0xFF != 0,
}


def decode_register(shape: Shape, value: int, *, compat: bool = False) -> int:
    """Return the number in a 64-bit register, given as an unsigned word.

    ``compat`` marks a call of a 32-bit program, whose ``long`` has 32 bits.  For arguments in
    memory the result is the address.
    """
    if compat and shape is Shape.INT64:
        shape = Shape.INT32
    return DECODERS.get(shape, unsigned(64))(value)
