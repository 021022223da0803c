# SPDX-License-Identifier: Apache-2.0
"""Conditions of filters, and the values they compare with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

COMM_BYTES: Final = 15
"""Rule 8: the longest thread name in the kernel (TASK_COMM_LEN without the NUL)."""


class Op(str, Enum):
    """How a condition compares; the value is its spelling on the command line."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    __hash__ = str.__hash__  # in C; Enum.__hash__ takes longer than a decision


class Key(str, Enum):
    """A property of a process that a condition can be about (rules 8 to 12)."""

    COMM = "comm"
    UTS = "uts"
    UID = "uid"
    PID = "pid"
    MNTNS = "mntns"
    PIDNS = "pidns"
    BINARY = "binary"
    CONTAINER = "container"
    IN_CONTAINER = "in_container"
    TREE = "tree"

    __hash__ = str.__hash__


class Part(str, Enum):
    """The part of an event that a per-event filter applies to (rule 6)."""

    ARGS = "args"
    RETVAL = "retval"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class EventField:
    """A field of one event, such as ``openat.args.flags`` or ``close.retval`` (rule 6)."""

    event: str
    part: Part
    name: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A string with optional ``*`` before and after it (rules 7 and 8)."""

    text: bytes
    open_start: bool = False
    open_end: bool = False

    @property
    def exact(self) -> bool:
        """Whether the pattern has no ``*``."""
        return not (self.open_start or self.open_end)

    def matches(self, value: bytes) -> bool:
        """Return whether ``value`` matches the pattern."""
        if self.open_start:
            return self.text in value if self.open_end else value.endswith(self.text)
        return value.startswith(self.text) if self.open_end else value == self.text


class Host(Enum):
    """The host's mount namespace while its inode number is not resolved (rule 10)."""

    HOST = "host"


HOST_MNTNS: Final = Host.HOST


@dataclass(frozen=True, slots=True)
class Binary:
    """An executable file (rule 10); ``mntns`` is an inode number, None for any mount namespace."""

    path: bytes
    mntns: int | Host | None = None


@dataclass(frozen=True, slots=True)
class ContainerId:
    """A container by a prefix of its id (rule 11)."""

    prefix: str


class New(Enum):
    """The value ``new`` of pid and container: started after tracing did (rules 9 and 11)."""

    NEW = "new"


NEW: Final = New.NEW

Value: TypeAlias = int | bool | Pattern | Binary | ContainerId | New


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: of a process property, or of a field of one event."""

    key: Key | EventField
    op: Op
    value: Value


Conditions: TypeAlias = tuple[Condition, ...]

FieldKey: TypeAlias = tuple[str, str]
"""Part and name of a field, such as ``("args", "flags")`` or ``("retval", "")``."""
