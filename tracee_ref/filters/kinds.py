# SPDX-License-Identifier: Apache-2.0
"""Table of filters: names, operators, values, and keys of the model.

The parser, ``-f help`` and the reference page are driven by it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..errors import UsageCode
from ..model.scope import Condition, Key, Op
from . import values
from .values import Parser

EQUALITY: Final = (Op.EQ, Op.NE)
COMPARISONS: Final = tuple(Op)


class OperatorError(NamedTuple):
    """The error for an operator that a filter does not take; ``text`` is Tracee's message."""

    code: UsageCode
    text: str


UNSUPPORTED: Final = OperatorError(
    UsageCode.OPERATOR, "failed to add filter: unsupported operator {op}"
)
INVALID: Final = OperatorError(UsageCode.OPERATOR, "invalid filter operator: {op}")
EXPRESSION: Final = OperatorError(UsageCode.EXPRESSION, "invalid filter expression: {expression}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table: ``form`` is the name in documentation, ``spellings`` all names.

    ``operators`` is empty for a filter without a value; ``alone`` is the condition of the name
    without operator; ``read`` parses a value, and ``takes`` describes values.  ``bad_operator``
    is the error for other operators (docs/design/tracee-v0.12-facts.md, 1.3).  ``selects``
    describes the events of the ``example``, together with the flag ``beside`` it, if any.
    """

    name: str
    form: str
    spellings: frozenset[str]
    operators: tuple[Op, ...]
    takes: str
    example: str
    selects: str
    summary: str
    key: Key | None = None
    read: Parser | None = None
    alone: Condition | None = None
    bad_operator: OperatorError = UNSUPPORTED
    beside: str = ""

    @property
    def command(self) -> str:
        """The example as command-line options."""
        return " ".join(f"-f {shlex.quote(flag)}" for flag in (self.beside, self.example) if flag)


def abbreviations(name: str) -> frozenset[str]:
    """Return a name and all its abbreviations (docs/design/tracee-v0.12-facts.md, 1.2)."""
    return frozenset(name[:length] for length in range(1, len(name) + 1))


def exactly(*names: str) -> frozenset[str]:
    """Return names that have no abbreviations."""
    return frozenset(names)


U32: Final = values.number(0, values.U32_MAX)
U64: Final = values.number(0, values.U64_MAX)

FILTER_KINDS: Final = (
    Kind(
        "event", "event", abbreviations("event"), EQUALITY,
        takes="names of events, or prefixes of names as prefix*; also hooks of any kind, such as "
        "kprobe:FUNCTION and tracepoint:GROUP:NAME (docs/guide/any-function.md)",
        example="event=openat,sched_process*",
        selects="openat, and all events whose names begin with sched_process",
        summary="trace these events (=) or exclude them (!=); exclusion wins",
        bad_operator=INVALID,
    ),
    Kind(
        "set", "set", abbreviations("set"), EQUALITY,
        takes="names of sets of events",
        example="set=fs",
        selects="the events of the set fs: syscalls about files",
        summary="trace the events of these sets (=) or exclude them (!=)",
        bad_operator=INVALID,
    ),
    Kind(
        "comm", "comm", exactly("comm"), EQUALITY,
        takes="thread names of at most 15 bytes, '*' before or after",
        example="comm=bash,ssh*",
        selects="events of threads named bash, or with names that begin with ssh",
        summary="the name of the thread",
        key=Key.COMM, read=values.task_name,
    ),
    Kind(
        "uid", "uid", abbreviations("uid"), COMPARISONS,
        takes=f"numbers from 0 to {values.U32_MAX}",
        example="uid>=1000",
        selects="events of ordinary users",
        summary="the real user id in the initial user namespace",
        key=Key.UID, read=U32,
    ),
    Kind(
        "pid", "pid", abbreviations("pid"), COMPARISONS,
        takes=f"numbers from 0 to {values.U32_MAX}, or new alone",
        example="pid=510,1709",
        selects="events of the processes or threads 510 and 1709",
        summary="the process or thread id in the initial pid namespace; "
        "new: processes that started after tracing began",
        key=Key.PID, read=values.pid,
    ),
    Kind(
        "binary", "binary", exactly("binary", "bin"), EQUALITY,
        takes="/PATH, host:/PATH or INODE:/PATH (INODE of a mount namespace, 0 for any); "
        "a path cannot contain ':'",
        example="binary=/usr/bin/ls",
        selects="events of processes that run /usr/bin/ls",
        summary="the path of the executable as the kernel resolved it at exec",
        key=Key.BINARY, read=values.binary,
    ),
    Kind(
        "container", "container", abbreviations("container"), EQUALITY,
        takes="nothing, new alone, or prefixes of container ids",
        example="container=new",
        selects="events in containers that started after tracing began",
        summary="processes in a container; new: in one started after tracing began; "
        "with ids: in these containers (=) or in others (!=)",
        key=Key.CONTAINER, read=values.container,
        alone=Condition(Key.IN_CONTAINER, Op.EQ, True),
    ),
    Kind(
        "!container", "!container", exactly("!container"), (),
        takes="nothing",
        example="!container",
        selects="events outside of containers",
        summary="processes that are not in a container",
        # != and not "= False": together with `container` it must match nothing (rule 4).
        alone=Condition(Key.IN_CONTAINER, Op.NE, True),
    ),
    Kind(
        "mntns", "mntns", exactly("mntns"), EQUALITY,
        takes="inode numbers",
        example="mntns=4026531840",
        selects="events in the mount namespace with this inode number",
        summary="the mount namespace of the thread",
        key=Key.MNTNS, read=U64, bad_operator=EXPRESSION,
    ),
    Kind(
        "pidns", "pidns", exactly("pidns"), EQUALITY,
        takes="inode numbers",
        example="pidns!=4026531836",
        selects="events outside of the initial pid namespace, which always has this inode number",
        summary="the pid namespace of the thread",
        key=Key.PIDNS, read=U64, bad_operator=EXPRESSION,
    ),
    Kind(
        "tree", "tree", exactly("tree"), EQUALITY,
        takes=f"process ids from 0 to {values.U32_MAX}",
        example="tree=3213",
        selects="events of process 3213 and of all its descendants",
        summary="these processes and all their descendants",
        key=Key.TREE, read=values.tree_pid, bad_operator=EXPRESSION,
    ),
    Kind(
        "uts", "uts", exactly("uts"), EQUALITY,
        takes="host names of at most 15 bytes, '*' before or after",
        example="uts=web*",
        selects="events where the host name begins with web",
        summary="the host name in the process's uts namespace",
        key=Key.UTS, read=values.task_name,
    ),
    Kind(
        "follow", "follow", abbreviations("follow"), (),
        takes="nothing",
        example="follow", beside="comm=bash",
        selects="events of bash, and of all processes that it starts, whatever their names",
        summary="also trace the descendants of a matching process, whatever they execute",
    ),
    Kind(
        "args", "EVENT.args.NAME", exactly(), COMPARISONS,
        takes="strings, or numbers also by name; '*' before or after; < <= > >= take numbers",
        example="openat.args.pathname=/etc/*", beside="event=openat",
        selects="openat calls for paths in /etc, and no others",
        summary="an argument of the event, for that event only",
    ),
    Kind(
        "retval", "EVENT.retval", exactly(), COMPARISONS,
        takes="signed numbers of 64 bits",
        example="openat.retval<0", beside="event=openat",
        selects="openat calls that failed, and no others",
        summary="the return value of the syscall, for that event only",
    ),
    Kind(
        "context", "EVENT.context.FIELD", exactly(), COMPARISONS,
        takes="numbers or strings, by the type of the field",
        example="openat.context.processName=cat", beside="event=openat",
        selects="openat calls of threads named cat, and no others",
        summary="a field of the event's context, for that event only",
    ),
)  # fmt: skip

BY_NAME: Final = {kind.name: kind for kind in FILTER_KINDS}
BY_SPELLING: Final = {spelling: kind for kind in FILTER_KINDS for spelling in kind.spellings}
