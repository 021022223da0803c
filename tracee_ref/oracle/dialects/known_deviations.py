"""Deviations in filters on processes (facts, sections 2.3 to 2.6 and 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from model.facts import Container, Event, Process
from model.filters import Binary
from model.lifecycle import Exec, Fork, SetComm

from .difference import Deviation, Question

CLOSE: Final = ("event=close",)


def close(*processes: Process) -> list[Question]:
    """Return an event of each of the processes."""
    return [Question(Event("close", process)) for process in processes]


def uids(values: Iterable[int]) -> list[Question]:
    """Return an event under each of the uids."""
    return close(*(Process(uid=value) for value in values))


def names(*values: bytes) -> list[Question]:
    """Return an event of a thread with each of the names."""
    return close(*(Process(comm=value) for value in values))


BINARY: Final = Binary(b"/bin/a", 5)
C0, C1 = Container("c0"), Container("c1", new=True)
OLD: Final = Process(pid=5, tid=5)
NAMED: Final = Process(pid=5, tid=5, comm=b"a")

PROCESS_DEVIATIONS: Final[Sequence[Deviation]] = (
    Deviation(
        "equal-or-not-unequal", (4,), "2.4",
        "= and != of one key are alternatives: what is not excluded matches too",
        ("uid=0", "uid!=1"), uids((0, 1, 2)), CLOSE,
    ),
    Deviation(
        "equal-wins-over-unequal", (4,), "2.2",
        "a value that is both asked for and excluded matches",
        ("uid=0", "uid!=0"), uids((0,)), CLOSE,
    ),
    Deviation(
        "bounds-without-their-value", (4,), "2.4",
        "userland asks for the window again, strictly: >= and <= lose their value",
        ("uid>=5", "uid<=5"), uids((4, 5, 6)), CLOSE,
    ),
    Deviation(
        "equal-beside-a-window", (4,), "2.4",
        "with a window, = adds values instead of asking for them",
        ("uid=5", "uid>10"), uids((5, 6, 11)), CLOSE,
    ),
    Deviation(
        "weakest-bound-counts", (4,), "1.3",
        "of several bounds of one operator the weakest counts",
        ("uid>5,10",), uids((5, 7, 11)), CLOSE,
    ),
    Deviation(
        "excluded-process-by-its-threads", (9,), "2.4",
        "pid!= lets through the threads of the process that are not its first",
        ("pid!=5",), close(Process(pid=5, tid=5), Process(pid=5, tid=6)), CLOSE,
    ),
    Deviation(
        "new-and-pid-both", (9,), "1.3",
        "pid=new is a filter of its own, not one more value of pid",
        ("pid=new", "pid=5"), close(OLD, Process(pid=6, tid=6, new=True)), CLOSE,
    ),
    Deviation(
        "new-and-not-new", (4, 9), "2.2",
        "pid=new wins over pid!=new",
        ("pid=new", "pid!=new"), close(OLD, Process(pid=6, tid=6, new=True)), CLOSE,
    ),
    Deviation(
        "exec-makes-new", (9,), "2.5",
        "a process that was there before is new after an exec",
        ("pid=new",), [Question(Event("close", OLD), life=(Exec(5, BINARY, b"a"),))], CLOSE,
    ),
    Deviation(
        "star-not-honoured", (8,), "2.5",
        "a comm with a star at one side never equals anything",
        ("comm=ba*", "comm!=ba*"), names(b"bash", b"ls"), CLOSE,
    ),
    Deviation(
        "stars-at-both-sides-match-all", (8,), "2.5",
        "a comm with stars at both sides lets everything through",
        ("comm=*as*",), names(b"bash", b"ls"), CLOSE,
    ),
    Deviation(
        "namespaces-never-found", (9,), "2.1",
        "namespaces are looked up with half of the key, so no value is found",
        ("mntns=7", "mntns!=7", "pidns=7"), close(Process(mntns=7, pidns=7)), CLOSE,
    ),
    Deviation(
        "path-hides-path-in-namespace", (3, 10), "2.3",
        "a path without a namespace in one scope hides it with one in another",
        ("1:binary=/bin/a", "2:binary=5:/bin/a"), close(Process(binary=BINARY)),
        ("1:event=close", "2:event=close"),
    ),
    Deviation(
        "container-and-not-container", (4, 11), "2.2",
        "container wins over !container",
        ("container", "!container"), close(OLD, Process(container=C0)), CLOSE,
    ),
    Deviation(
        "new-container-and-id-both", (4, 11), "1.3",
        "container=new is a filter of its own, not one more value of container",
        ("container=new", "container=c0"),
        close(Process(container=C0), Process(container=C1)), CLOSE,
    ),
    Deviation(
        "tree-with-exclusion-takes-all", (4, 12), "2.4",
        "with any tree!=, everything that is not excluded matches",
        ("tree=3", "tree!=4"), close(Process(pid=9, ancestry=frozenset((1, 9)))), CLOSE,
    ),
    Deviation(
        "nearest-tree-decides", (12,), "2.4",
        "the nearest listed ancestor decides, not every one",
        ("tree!=3", "tree=4"), close(Process(pid=4, ancestry=frozenset((3, 4)))), CLOSE,
    ),
    Deviation(
        "thread-makes-followed", (13,), "2.6",
        "a new thread of a matching process makes the process followed",
        ("comm=a", "follow"),
        [Question(Event("close", NAMED), life=(Fork(5, 5, 6), SetComm(5, b"b")))], CLOSE,
    ),
)  # fmt: skip
