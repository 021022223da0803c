# SPDX-License-Identifier: Apache-2.0
"""Parsers of the values of flags.

Each takes the flag, for its error message, and one value, and returns a value of the model.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from typing import Final

from ..errors import UsageCode, UsageError, flag_error
from ..model.scope import COMM_BYTES, HOST_MNTNS, NEW, Binary, ContainerId, Op, Pattern, Value
from ..strings import bytes_of
from ..tables.compile import PATH_BYTES
from .syntax import Flag, expression_error, integer

U32_MAX: Final = 2**32 - 1
U64_MAX: Final = 2**64 - 1
S64_MIN: Final = -(2**63)
S64_MAX: Final = 2**63 - 1

Parser = Callable[[Flag, str], Value]


def value_error(flag: Flag, value: str, remedy: str) -> UsageError:
    """Return the error for one value of a flag."""
    return flag_error(UsageCode.VALUE, flag.text, f"invalid filter value {value}", remedy)


def number(lowest: int, highest: int) -> Parser:
    """Return a parser of decimal numbers of a range.

    ``<lowest`` and ``>highest`` can never hold and are errors
    (docs/design/tracee-v0.12-facts.md, 1.3).
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
    """Parse ``new``, alone and with ``=`` or ``!=``, or a process id (rule 9)."""
    if value == "new":
        return _new(flag)
    return number(0, U32_MAX)(flag, value)


def tree_pid(flag: Flag, value: str) -> Value:
    """Parse a process id; the error message is that of docs/design/tracee-v0.12-facts.md, 1.3."""
    if not re.fullmatch("[0-9]+", value) or integer(value) > U32_MAX:
        reason = f"invalid PID given to filter: {flag.values}"
        raise flag_error(
            UsageCode.VALUE, flag.text, reason, f"expected numbers from 0 to {U32_MAX}"
        )
    return integer(value)


def pattern(flag: Flag, value: str) -> Pattern:
    """Parse a string with ``*`` before or after it, or both (rule 7)."""
    open_start, open_end = value.startswith("*"), value.endswith("*")
    text = value[open_start : len(value) - open_end]
    if not text or "*" in text:
        raise value_error(flag, value, "expected a string with at most one '*' before and after it")
    return Pattern(_encoded(flag, text), open_start, open_end)


def task_name(flag: Flag, value: str) -> Pattern:
    """Parse a pattern for comm or uts, of at most COMM_BYTES (rule 8)."""
    parsed = pattern(flag, value)
    if len(parsed.text) > COMM_BYTES:
        raise value_error(
            flag,
            value,
            f"the kernel truncates names to {COMM_BYTES} bytes and this one has "
            f"{len(parsed.text)}; give at most {COMM_BYTES}",
        )
    return parsed


def binary(flag: Flag, value: str) -> Binary:
    """Parse ``/PATH``, ``host:/PATH`` or ``INODE:/PATH``; inode 0 is the same as none (rule 10)."""
    prefix, colon, path = value.rpartition(":")
    inode = integer(prefix) if re.fullmatch("[0-9]+", prefix) else None
    if inode is not None and inode > U32_MAX:
        raise value_error(flag, value, "the inode number of a mount namespace has 32 bits")
    if not path.startswith("/") or (colon and inode is None and prefix != "host"):
        near = "" if colon else _resolved(path)
        raise value_error(flag, value, f"expected /PATH, host:/PATH or INODE:/PATH{near}")
    encoded = _encoded(flag, path)
    if len(encoded) > PATH_BYTES:
        raise value_error(flag, value, f"a path has at most {PATH_BYTES} bytes")
    return Binary(encoded, HOST_MNTNS if prefix == "host" else inode or None)


def _resolved(path: str) -> str:
    """Return what a relative path or the name of a program means here, as a suggestion."""
    try:
        found = shutil.which(path)
    except ValueError:  # no path at all
        return ""
    return f"; did you mean {os.path.realpath(found)}?" if found else ""


def container(flag: Flag, value: str) -> Value:
    """Parse ``new``, alone, or a prefix of a container's id (rule 11)."""
    return _new(flag) if value == "new" else ContainerId(value)


def each(flag: Flag, read: Parser) -> list[Value]:
    """Return the parsed values of a flag."""
    return [read(flag, value) for value in listed(flag)]


def listed(flag: Flag) -> list[str]:
    """Return the values between commas; an empty one is an error (Tracee v0.12 may panic)."""
    values = flag.values.split(",")
    if "" in values:
        raise expression_error(flag.text, "a value between the commas is empty")
    return values


def _new(flag: Flag) -> Value:
    """Return NEW; Tracee v0.12 takes it for an id if it is in a list, which it cannot be."""
    if flag.values != "new" or flag.op not in (Op.EQ, Op.NE):
        raise value_error(flag, "new", "'new' takes = or != and must be the only value of its flag")
    return NEW


def _encoded(flag: Flag, text: str) -> bytes:
    """Return the bytes of a string (rule 20); NUL and half a surrogate cannot be in one."""
    try:
        encoded = bytes_of(text)
    except UnicodeEncodeError:
        encoded = b"\0"
    if b"\0" in encoded:
        raise value_error(flag, text, "the string cannot be part of a name")
    return encoded
