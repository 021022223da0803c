"""The vocabulary of filters: scopes, conditions and the values they compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias

MAX_SCOPES: Final = 64
"""Rule 1: scopes are numbered 1..64 and share one 64-bit mask."""

COMM_BYTES: Final = 15
"""Rule 8: what the kernel keeps of a thread name (TASK_COMM_LEN less the NUL)."""


class Op(str, Enum):
    """How a condition compares; the value is its spelling on the command line."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


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


class Part(str, Enum):
    """The part of an event that a per-event filter looks at (rule 6)."""

    ARGS = "args"
    RETVAL = "retval"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class EventField:
    """One field of one event: ``openat.args.flags``, ``close.retval``; rule 6."""

    event: str
    part: Part
    name: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with ``*`` allowed before and after it (rules 7 and 8)."""

    text: bytes
    open_start: bool = False
    open_end: bool = False

    @property
    def exact(self) -> bool:
        """Whether no ``*`` stands on either side."""
        return not (self.open_start or self.open_end)

    def matches(self, value: bytes) -> bool:
        """Whether ``value`` fits the text and its stars."""
        if self.open_start:
            return self.text in value if self.open_end else value.endswith(self.text)
        return value.startswith(self.text) if self.open_end else value == self.text


@dataclass(frozen=True, slots=True)
class Binary:
    """A program file, in every mount namespace or in the one with this inode (rule 10)."""

    path: bytes
    mntns: int | None = None


@dataclass(frozen=True, slots=True)
class ContainerId:
    """A container by the start of its id (rule 11)."""

    prefix: str


class New(Enum):
    """The value ``new`` of pid and container: began after tracing did (rules 9 and 11)."""

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


@dataclass(frozen=True)
class Scope:
    """A numbered set of filters, joined by AND (rules 1 and 3).

    ``number`` is 1..64, ``events`` are the names the scope selected after rule 5,
    ``conditions`` all its comparisons in no order, ``follow`` rule 13.
    """

    number: int
    events: frozenset[str]
    conditions: frozenset[Condition] = frozenset()
    follow: bool = False
    process: Mapping[Key, Conditions] = field(init=False, repr=False, compare=False)
    fields: Mapping[str, Mapping[EventField, Conditions]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Refuse a number outside rule 1 and group the conditions by what they compare."""
        if not 1 <= self.number <= MAX_SCOPES:
            raise ValueError(f"scope {self.number}: scopes must be between 1 and {MAX_SCOPES}")
        process: dict[Key, Conditions] = {}
        fields: dict[str, dict[EventField, Conditions]] = {}
        for condition in self.conditions:
            key = condition.key
            if isinstance(key, Key):
                process[key] = (*process.get(key, ()), condition)
            else:
                of_event = fields.setdefault(key.event, {})
                of_event[key] = (*of_event.get(key, ()), condition)
        object.__setattr__(self, "process", MappingProxyType(process))
        object.__setattr__(self, "fields", MappingProxyType(fields))

    @property
    def bit(self) -> int:
        """Rule 1: bit N-1 of the mask is scope N."""
        return 1 << (self.number - 1)
