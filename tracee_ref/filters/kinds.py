# SPDX-License-Identifier: Apache-2.0
"""The table of filters: how each is written, what it takes, what it becomes.

Everything that must know the kinds (reading, help, the reference page) goes through it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final, NamedTuple

from model.scope import Condition, Key, Op

from ..errors import UsageCode
from . import values
from .values import Reader

EQUALITY: Final = (Op.EQ, Op.NE)
SIX: Final = tuple(Op)


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
    """A row: ``form`` is how the reference writes it, ``spellings`` what a user may type.

    ``operators`` is empty for a filter that takes no value; ``alone`` says what the bare
    name asks for, ``read`` reads one value, ``takes`` puts that in words, ``bad_operator``
    is upstream's text for the other operators (facts, section 1.3).  ``selects`` is what the
    ``example`` shows, together with the flag ``beside`` it if there is one.
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
    read: Reader | None = None
    alone: Condition | None = None
    bad_operator: OperatorError = UNSUPPORTED
    beside: str = ""

    @property
    def command(self) -> str:
        """The example as options for a shell."""
        return " ".join(f"-f {shlex.quote(flag)}" for flag in (self.beside, self.example) if flag)


def starts(name: str) -> frozenset[str]:
    """Return every way to abbreviate a name that upstream lets be cut (facts, 1.2)."""
    return frozenset(name[:length] for length in range(1, len(name) + 1))


def exactly(*names: str) -> frozenset[str]:
    """Return names that cannot be cut."""
    return frozenset(names)


U32: Final = values.number(0, values.U32_MAX)
U64: Final = values.number(0, values.U64_MAX)

KINDS: Final = (
    Kind(
        "event", "event", starts("event"), EQUALITY,
        takes="names of events, or the start of names as prefix*",
        example="event=openat,sched_process*",
        selects="openat, and all events whose names begin with sched_process",
        summary="trace these events (=) or leave them out (!=); leaving out wins",
        bad_operator=INVALID,
    ),
    Kind(
        "set", "set", starts("set"), EQUALITY,
        takes="names of sets of events",
        example="set=fs",
        selects="the events about files",
        summary="trace the events of these sets (=) or leave them out (!=)",
        bad_operator=INVALID,
    ),
    Kind(
        "comm", "comm", exactly("comm"), EQUALITY,
        takes="thread names of at most 15 bytes, '*' before or after",
        example="comm=bash,ssh*",
        selects="what threads do that are named bash, or whose names begin with ssh",
        summary="the name of the thread",
        key=Key.COMM, read=values.task_name,
    ),
    Kind(
        "uid", "uid", starts("uid"), SIX,
        takes=f"numbers from 0 to {values.U32_MAX}",
        example="uid>=1000",
        selects="what ordinary users do",
        summary="the real user id in the initial user namespace",
        key=Key.UID, read=U32,
    ),
    Kind(
        "pid", "pid", starts("pid"), SIX,
        takes=f"numbers from 0 to {values.U32_MAX}, or new alone",
        example="pid=510,1709",
        selects="what the processes or threads 510 and 1709 do",
        summary="the process or thread id in the initial pid namespace; "
        "new: processes that started after tracing began",
        key=Key.PID, read=values.pid,
    ),
    Kind(
        "binary", "binary", exactly("binary", "bin"), EQUALITY,
        takes="/PATH, host:/PATH or INODE:/PATH (INODE of a mount namespace, 0 for any); "
        "the only ':' is the one behind host or INODE",
        example="binary=/usr/bin/ls",
        selects="what processes do that run /usr/bin/ls",
        summary="the path of the program file as the kernel resolved it at exec",
        key=Key.BINARY, read=values.binary,
    ),
    Kind(
        "container", "container", starts("container"), EQUALITY,
        takes="nothing, new alone, or the start of container ids",
        example="container=new",
        selects="what happens in containers that started after tracing began",
        summary="processes in a container; new: in one started after tracing began; "
        "with ids: in (=) these or in (!=) others",
        key=Key.CONTAINER, read=values.container,
        alone=Condition(Key.IN_CONTAINER, Op.EQ, True),
    ),
    Kind(
        "!container", "!container", exactly("!container"), (),
        takes="nothing",
        example="!container",
        selects="what happens outside of containers",
        summary="processes that are in no container",
        # != and not "= False": together with `container` it must match nothing (rule 4).
        alone=Condition(Key.IN_CONTAINER, Op.NE, True),
    ),
    Kind(
        "mntns", "mntns", exactly("mntns"), EQUALITY,
        takes="inode numbers",
        example="mntns=4026531840",
        selects="what happens in the mount namespace with this inode",
        summary="the mount namespace",
        key=Key.MNTNS, read=U64, bad_operator=EXPRESSION,
    ),
    Kind(
        "pidns", "pidns", exactly("pidns"), EQUALITY,
        takes="inode numbers",
        example="pidns!=4026531836",
        selects="what happens outside of the initial pid namespace, whose inode is always this one",
        summary="the pid namespace",
        key=Key.PIDNS, read=U64, bad_operator=EXPRESSION,
    ),
    Kind(
        "tree", "tree", exactly("tree"), EQUALITY,
        takes=f"process ids from 0 to {values.U32_MAX}",
        example="tree=3213",
        selects="what process 3213 and all that descends from it do",
        summary="these processes and everything that descends from them",
        key=Key.TREE, read=values.tree_pid, bad_operator=EXPRESSION,
    ),
    Kind(
        "uts", "uts", exactly("uts"), EQUALITY,
        takes="host names of at most 15 bytes, '*' before or after",
        example="uts=web*",
        selects="what happens where the host name begins with web",
        summary="the host name in the process's uts namespace",
        key=Key.UTS, read=values.task_name,
    ),
    Kind(
        "follow", "follow", starts("follow"), (),
        takes="nothing",
        example="follow", beside="comm=bash",
        selects="what bash does, and all that it starts, whatever its name",
        summary="also trace what a matching process starts, whatever becomes of it",
    ),
    Kind(
        "args", "EVENT.args.NAME", exactly(), SIX,
        takes="raw or printed values, '*' before or after; < and the like only numbers",
        example="openat.args.pathname=/etc/*", beside="event=openat",
        selects="openat calls for paths in /etc, and no others",
        summary="an argument of the event, for that event only",
    ),
    Kind(
        "retval", "EVENT.retval", exactly(), SIX,
        takes="numbers of 64 bits with sign",
        example="openat.retval<0", beside="event=openat",
        selects="openat calls that failed, and no others",
        summary="the value that the call returned, for that event only",
    ),
    Kind(
        "context", "EVENT.context.FIELD", exactly(), SIX,
        takes="numbers or texts, as the field is",
        example="openat.context.processName=cat", beside="event=openat",
        selects="openat calls of threads named cat, and no others",
        summary="a field of the event's context, for that event only",
    ),
)  # fmt: skip

BY_NAME: Final = {kind.name: kind for kind in KINDS}
BY_SPELLING: Final = {spelling: kind for kind in KINDS for spelling in kind.spellings}
