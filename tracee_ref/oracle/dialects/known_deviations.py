# SPDX-License-Identifier: Apache-2.0
"""Known deviations of Tracee v0.12 (Tracee v0.12 facts, 1.3, 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ...model.facts import Container, Event, FieldValue, Process
from ...model.filters import Binary, FieldKey
from ...model.lifecycle import Exec, Fork, SetComm
from .deviation import Deviation, Question

CLOSE: Final = ("event=close",)


def close(*processes: Process) -> list[Question]:
    """Return a ``close`` of each process."""
    return [Question(Event("close", process)) for process in processes]


def uids(values: Iterable[int]) -> list[Question]:
    """Return a ``close`` under each uid."""
    return close(*(Process(uid=value) for value in values))


def comms(*values: bytes) -> list[Question]:
    """Return a ``close`` of a thread with each comm."""
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
        ("pid=new",), [Question(Event("close", OLD), history=(Exec(5, BINARY, b"a"),))], CLOSE,
    ),
    Deviation(
        "star-not-honoured", (8,), "2.5",
        "a comm with a star at one side never equals anything",
        ("comm=ba*", "comm!=ba*"), comms(b"bash", b"ls"), CLOSE,
    ),
    Deviation(
        "stars-at-both-sides-match-all", (8,), "2.5",
        "a comm with stars at both sides lets everything through",
        ("comm=*as*",), comms(b"bash", b"ls"), CLOSE,
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
        [Question(Event("close", NAMED), history=(Fork(5, 5, 6), SetComm(5, b"b")))], CLOSE,
    ),
)  # fmt: skip


PATH: Final = ("args", "pathname")
RETVAL: Final = ("retval", "")
OPENAT: Final = ("event=openat",)


def openat(key: FieldKey, *values: FieldValue) -> list[Question]:
    """Return an ``openat`` with each value of one field."""
    return [Question(Event("openat", Process(), {key: value})) for value in values]


def number(value: int, printed: bytes = b"") -> FieldValue:
    """Return a number, with its decimal form unless `printed` is given."""
    return FieldValue(value, printed or b"%d" % value)


def text(value: bytes) -> FieldValue:
    """Return a string."""
    return FieldValue(value, value)


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


SRC: Final = {("args", "src"): FieldValue(b"::1", b"::1")}
ATTACH: Final = {("args", "pid"): FieldValue(7, b"7")}


def event(name: str, process: Process | None = None) -> list[Question]:
    """Return an event of a process, by default one without facts."""
    return [Question(Event(name, process or Process()))]


EVENT_DEVIATIONS: Final[Sequence[Deviation]] = (
    Deviation(
        "set-not-removed", (5,), "1.3",
        "set!= is read and then ignored",
        ("set!=fs",), event("openat"), ("event=openat,getpid",),
    ),
    Deviation(
        "exact-name-over-removal", (5,), "1.3",
        "an event asked for by its exact name stays although it is removed",
        ("event!=openat",), event("openat"), ("event=openat,getpid",),
    ),
    Deviation(
        "earlier-event-takes-bits", (3,), "2.7",
        "of two events that one BPF program checks, the first takes bits from the second",
        ("1:event=security_file_mprotect", "2:event=mem_prot_alert"), event("mem_prot_alert"),
    ),
    Deviation(
        "packets-take-bits", (3,), "2.7",
        "so do the protocols of a packet",
        ("1:event=net_packet_ipv4", "2:event=net_packet_icmp"), event("net_packet_icmp"),
    ),
    Deviation(
        "cgroup-events-of-any-process", (3,), "2.7",
        "cgroup_mkdir and cgroup_rmdir ignore filters on processes",
        ("comm=a",), event("cgroup_mkdir", Process(comm=b"b")), ("event=cgroup_mkdir",),
    ),
    Deviation(
        "container-events-of-any-process", (15,), "2.7",
        "so do the events derived from them",
        ("comm=a",), event("container_create", Process(comm=b"b")), ("event=container_create",),
    ),
    Deviation(
        "derived-with-the-mask-of-its-base", (6, 15), "3.8",
        "a derived event that any scope keeps is sent with the mask of its base",
        ("1:net_packet_icmp.args.src=::2",),
        [Question(Event("net_packet_icmp", Process(), SRC))],
        ("1:event=net_packet_icmp", "2:event=net_packet_icmp"),
    ),
    Deviation(
        "signature-lost-with-its-trigger", (6, 15), "3.10",
        "a filter on the event that triggers a signature takes that away too",
        ("ptrace.args.pid=8",),
        [Question(Event("anti_debugging", Process()), Event("ptrace", Process(), ATTACH))],
        ("event=ptrace,anti_debugging",),
    ),
    Deviation(
        "outside-of-the-pipeline", (2, 3), "3.11",
        "existing_container is shown with mask 0",
        (), event("existing_container"), ("event=existing_container",),
    ),
)  # fmt: skip


DEVIATIONS: Final[Sequence[Deviation]] = (
    *PROCESS_DEVIATIONS,
    *FIELD_DEVIATIONS,
    *EVENT_DEVIATIONS,
)
