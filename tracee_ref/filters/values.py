# SPDX-License-Identifier: Apache-2.0
"""Texts to model values; each function takes the flag, for its error, and one value."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Final

from model.scope import COMM_BYTES, HOST_MNTNS, NEW, Binary, ContainerId, Op, Pattern, Value

from ..errors import UsageCode, UsageError, flag_error
from .syntax import Flag, expression_error, integer

PATH_BYTES: Final = 480
"""What the kernel side keeps of a program's path, in bytes; rule 10."""

U32_MAX: Final = 2**32 - 1
U64_MAX: Final = 2**64 - 1
S64_MIN: Final = -(2**63)
S64_MAX: Final = 2**63 - 1

Reader = Callable[[Flag, str], Value]


def value_error(flag: Flag, value: str, remedy: str) -> UsageError:
    """Return the error for one value of a flag."""
    return flag_error(UsageCode.VALUE, flag.text, f"invalid filter value {value}", remedy)


def number(lowest: int, highest: int) -> Reader:
    """Return a reader of decimal numbers of a range.

    ``<lowest`` and ``>highest`` can never hold and are errors (facts, section 1.3).
    """
    digits = re.compile(r"[+-]?[0-9]+" if lowest < 0 else r"[0-9]+")

    def read(flag: Flag, value: str) -> int:
        found = integer(value) if digits.fullmatch(value) else None
        if found is None or not lowest <= found <= highest:
            raise value_error(flag, value, f"expected a number from {lowest} to {highest}")
        if (flag.op, found) in ((Op.LT, lowest), (Op.GT, highest)):
            reason = f"invalid filter expression: {flag.expression}"
            raise flag_error(UsageCode.EXPRESSION, flag.text, reason, "this can never hold")
        return found

    return read


def pid(flag: Flag, value: str) -> Value:
    """Read ``new``, alone and with ``=`` or ``!=``, or a process id (rule 9)."""
    if value == "new":
        return _new(flag)
    return number(0, U32_MAX)(flag, value)


def tree_pid(flag: Flag, value: str) -> Value:
    """Read a process id, with an error text of its own (facts, section 1.3)."""
    if not re.fullmatch("[0-9]+", value) or integer(value) > U32_MAX:
        reason = f"invalid PID given to filter: {flag.values}"
        raise flag_error(
            UsageCode.VALUE, flag.text, reason, f"expected numbers from 0 to {U32_MAX}"
        )
    return integer(value)


def pattern(flag: Flag, value: str) -> Pattern:
    """Read a text with ``*`` before or after it, or both (rule 7)."""
    open_start, open_end = value.startswith("*"), value.endswith("*")
    text = value[open_start : len(value) - open_end]
    if not text or "*" in text:
        raise value_error(flag, value, "expected a text with at most one '*' before and after it")
    return Pattern(_encoded(flag, text), open_start, open_end)


def task_name(flag: Flag, value: str) -> Pattern:
    """Read a pattern for comm or uts, whose text must fit what the kernel holds (rule 8)."""
    read = pattern(flag, value)
    if len(read.text) > COMM_BYTES:
        raise value_error(
            flag,
            value,
            f"the kernel cuts names after {COMM_BYTES} bytes and this one has "
            f"{len(read.text)}; give at most {COMM_BYTES}",
        )
    return read


def binary(flag: Flag, value: str) -> Binary:
    """Read ``/PATH``, ``host:/PATH`` or ``INODE:/PATH``; inode 0 is the same as none (rule 10)."""
    prefix, colon, path = value.rpartition(":")
    inode = integer(prefix) if re.fullmatch("[0-9]+", prefix) else None
    if inode is not None and inode > U32_MAX:
        raise value_error(flag, value, "a mount namespace has a number of 32 bits")
    if not path.startswith("/") or (colon and inode is None and prefix != "host"):
        raise value_error(flag, value, "expected /PATH, host:/PATH or INODE:/PATH")
    encoded = _encoded(flag, path)
    if len(encoded) > PATH_BYTES:
        raise value_error(flag, value, f"a path has at most {PATH_BYTES} bytes")
    return Binary(encoded, HOST_MNTNS if prefix == "host" else inode or None)


def container(flag: Flag, value: str) -> Value:
    """Read ``new``, alone, or the start of a container's id (rule 11)."""
    return _new(flag) if value == "new" else ContainerId(value)


def each(flag: Flag, read: Reader) -> list[Value]:
    """Read the values of a flag, a list by commas."""
    return [read(flag, value) for value in listed(flag)]


def listed(flag: Flag) -> list[str]:
    """Return the values as texts; an empty one is an error (upstream panics on some)."""
    values = flag.values.split(",")
    if "" in values:
        raise expression_error(flag.text, "a value between the commas is empty")
    return values


def _new(flag: Flag) -> Value:
    """Return NEW; in a list upstream takes it for an id, which it never is."""
    if flag.values != "new" or flag.op not in (Op.EQ, Op.NE):
        raise value_error(flag, "new", "'new' takes = or != and a flag of its own")
    return NEW


def _encoded(flag: Flag, text: str) -> bytes:
    """Return the bytes that the shell passed; a NUL or half a surrogate came from no shell."""
    try:
        encoded = os.fsencode(text)
    except UnicodeEncodeError:
        encoded = b"\0"
    if b"\0" in encoded:
        raise value_error(flag, text, "the text cannot be part of a name")
    return encoded
