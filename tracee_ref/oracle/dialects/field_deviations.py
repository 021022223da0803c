"""Deviations in filters on the fields of events (facts, sections 1.3 and 3.2 to 3.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from model.facts import Event, Process, Shown
from model.filters import FieldKey

from .difference import Deviation, Question

PATH: Final = ("args", "pathname")
RETVAL: Final = ("retval", "")
OPENAT: Final = ("event=openat",)


def openat(key: FieldKey, *values: Shown) -> list[Question]:
    """Return an openat with each of the values of one field."""
    return [Question(Event("openat", Process(), {key: value})) for value in values]


def number(value: int, printed: bytes = b"") -> Shown:
    """Return a number, printed in decimal if not otherwise."""
    return Shown(value, printed or b"%d" % value)


def text(value: bytes) -> Shown:
    """Return a text."""
    return Shown(value, value)


NO_FIELD: Final = [Question(Event("openat", Process()))]
PARENTS: Final = {
    ("context", "hostProcessId"): number(9),
    ("context", "hostParentProcessId"): number(5),
}
POD: Final = {("context", "podName"): text(b"web")}

FIELD_DEVIATIONS: Final[Sequence[Deviation]] = (
    Deviation(
        "printed-form-not-compared", (7,), "3.5",
        "arguments are compared by their raw value alone",
        ("openat.args.flags=O_RDONLY",), openat(("args", "flags"), number(0, b"O_RDONLY")), OPENAT,
    ),
    Deviation(
        "argument-equal-or-not-unequal", (4, 7), "3.4",
        "= and != of one argument are alternatives",
        ("openat.args.pathname=/a", "openat.args.pathname!=/b"), openat(PATH, text(b"/c")), OPENAT,
    ),
    Deviation(
        "return-values-out-of-a-window", (4, 7), "3.3",
        "> and < of a return value are alternatives",
        ("openat.retval>0", "openat.retval<9"), openat(RETVAL, *map(number, (-1, 5, 20))), OPENAT,
    ),
    Deviation(
        "return-value-unequal-never", (4, 7), "3.3",
        "!= alone on a return value matches nothing",
        ("openat.retval!=0",), openat(RETVAL, *map(number, (0, 1))), OPENAT,
    ),
    Deviation(
        "absent-argument-is-a-text", (18,), "3.5",
        "an argument that was not read compares as a text, so != holds of it",
        ("openat.args.pathname!=/a",), NO_FIELD, OPENAT,
    ),
    Deviation(
        "absent-context-is-empty", (18,), "3.4",
        "a field of the context that is not there compares as an empty text",
        ("openat.context.podName!=web",), NO_FIELD, OPENAT,
    ),
    Deviation(
        "argument-named-syscall-never", (7,), "3.5",
        "the argument named syscall never matches",
        ("sys_enter.args.syscall=0",),
        [Question(Event("sys_enter", Process(), {("args", "syscall"): number(0, b"read")}))],
        ("event=sys_enter",),
    ),
    Deviation(
        "parent-compared-as-process", (7,), "1.3",
        "hostParentProcessId is compared with the process id",
        ("openat.context.hostParentProcessId=5",),
        [Question(Event("openat", Process(pid=9), PARENTS))], OPENAT,
    ),
    Deviation(
        "pod-compared-as-image", (7,), "1.3",
        "podName is compared with the image of the container",
        ("openat.context.podName=web",), [Question(Event("openat", Process(), POD))], OPENAT,
    ),
    Deviation(
        "base-events-not-filtered", (6,), "3.6",
        "filters on sched_process_exec and other base events have no effect",
        ("sched_process_exec.args.pathname=/a",),
        [Question(Event("sched_process_exec", Process(), {PATH: text(b"/b")}))],
        ("event=sched_process_exec",),
    ),
)  # fmt: skip
