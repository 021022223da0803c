# SPDX-License-Identifier: Apache-2.0
"""Forms of arguments: numbers in a register, or what an address points to."""

from __future__ import annotations

from enum import Enum, auto


class Shape(Enum):
    """Form of an argument; from POINTER on, the register holds an address."""

    INT32 = auto()
    UINT32 = auto()
    UINT16 = auto()
    INT64 = auto()
    UINT64 = auto()
    BOOL = auto()
    POINTER = auto()
    STRING = auto()
    STRING_ARRAY = auto()
    SOCKADDR = auto()
    INT_PAIR = auto()
    BYTES = auto()
    GIVEN_STRUCTURE = auto()
    """A structure that a syscall is given (events/structures.py)."""

    STRUCTURE = auto()
    """A value that only derived events have."""

    NUMBERS = auto()
    """An array of numbers, in the format of the module ``struct`` that the argument has."""

    CREDENTIALS = auto()
    """A ``struct cred``."""

    ADDRESS = auto()
    """An IP address of 4 or 16 bytes."""
