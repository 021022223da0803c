# SPDX-License-Identifier: Apache-2.0
"""Expected events of journals, and the reduction of plans, without a kernel."""

from __future__ import annotations

from dataclasses import replace

from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.model.facts import Process
from tracee_ref.model.lifecycle import Start
from tracee_ref.model.scope import NEW, Condition, EventField, Key, Op, Part, Pattern
from vmtests.plans.reduction import Batch, reduced, smaller_images
from vmtests.plans.scope_drafts import DrawnCondition, DrawnScope, LaunchCondition
from vmtests.runs.event_fields import fields_of
from vmtests.runs.expected import Launch, Replay
from vmtests.runs.journal import JournalStep
from vmtests.runs.occurrence import Occurrence
from vmtests.workload.layout import Kind
from vmtests.workload.plan import Call, Dies, Fork, Image, SetComm, Track

PIDNS = 77
INNER = 78
TRACER = Start(Process(pid=50, tid=50, comm=b"tracee-ref", pidns=PIDNS, tracer=True), 1)
LAUNCH = Launch((Start(Process(pid=1, tid=1)),), TRACER, 60, (b"/d/workload", b"/d", b"0"))


def step(
    kind: Kind, tid: int, *a: int, result: int = 0, text: bytes = b"", returned: bool = True
) -> JournalStep:
    return JournalStep(kind, returned, tid, tid, result, text, (*a, *(0,) * (5 - len(a))))


def replay(scope: DrawnScope, *journal: JournalStep) -> list[Occurrence]:
    return Replay([scope.resolve({"agent": 1})], LAUNCH).run(journal)


def masks(scope: DrawnScope, *journal: JournalStep) -> list[int]:
    return [event.mask for event in replay(scope, *journal)]


CONTAINER = b"/d/cgroup/docker-" + b"0a" * 32 + b".scope"
LAST_EXIT = step(Kind.EXIT_GROUP, 60, returned=False)
GETPPID = step(Kind.CALL, 60, load_catalogue()["getppid"].id)


def test_expected_new_container() -> None:
    """A container is new if a step of the plan created its cgroup."""
    new = Condition(Key.CONTAINER, Op.EQ, NEW)
    scope = DrawnScope(1, frozenset({"getppid"}), frozenset({new}))
    join = step(Kind.JOIN_CGROUP, 60, text=CONTAINER + b"/cgroup.procs", result=1)
    leave = step(Kind.JOIN_CGROUP, 60, text=b"/d/cgroup/cgroup.procs", result=1)
    for result, mask in ((0, 1), (-17, 0)):
        make = step(Kind.NEW_CGROUP, 60, text=CONTAINER, result=result)
        journal = (GETPPID, make, join, GETPPID, leave, GETPPID, LAST_EXIT)
        assert masks(scope, *journal) == [0, mask, 0]


def test_expected_overwritten() -> None:
    """A string that a call overwrites has both values, and filters hold for either (rule 19)."""
    number = load_catalogue()["statfs"].id
    call = replace(step(Kind.OVERWRITE, 60, number, text=b"/proc"), at_return=b"\xa0\x9f")
    same = replace(call, at_return=b"/proc")
    field = EventField("statfs", Part.ARGS, "path")
    for op, text, expected in (
        (Op.EQ, b"/proc", [1, 1]),
        (Op.EQ, b"\xa0\x9f", [1, 0]),
        (Op.NE, b"\xa0\x9f", [0, 1]),
        (Op.NE, b"/proc", [0, 0]),
    ):
        condition = Condition(field, op, Pattern(text))
        scope = DrawnScope(1, frozenset({"statfs"}), frozenset({condition}))
        events = replay(scope, call, same, LAST_EXIT)
        assert [event.mask for event in events] == expected
        assert [event.args for event in events] == [{"path": "/proc"}] * 2
        assert [event.at_return for event in events] == [{"path": "\ufffda0\ufffd9f"}, {}]


def test_expected_orphans_in_pid_namespace() -> None:
    """The first process of a pid namespace becomes the parent of its orphans."""
    fork = Kind.FORK
    journal = (
        step(fork, 60, 0, 61, 1, INNER, result=61),
        step(fork, 61, 0, 62, 2, INNER, result=2),
        step(fork, 62, 0, 63, 3, INNER, result=3),
        step(Kind.EXIT_GROUP, 62, returned=False),
        step(Kind.EXIT_GROUP, 63, returned=False),
        step(Kind.EXIT_GROUP, 61, returned=False),
        LAST_EXIT,
    )
    seen = replay(DrawnScope(1, frozenset({"sched_process_exit"})), *journal)
    assert [(event.pid, event.ppids, event.inner_pid, event.pidns) for event in seen] == [
        (62, frozenset({61}), 2, INNER),
        (63, frozenset({62, 61}), 3, INNER),
        (61, frozenset({60}), 1, INNER),
        (60, frozenset({50}), 60, PIDNS),
    ]


def test_expected_parents_without_wait() -> None:
    """A child that its parent does not wait for may be an orphan when it exits."""
    for waits, parents in ((False, {61, 60}), (True, {61})):
        journal = (
            step(Kind.FORK, 60, 0, 61, 61, PIDNS, result=61),
            step(Kind.FORK, 61, 0, 62, 62, PIDNS, result=62),
            *([step(Kind.WAIT, 61)] * waits),
            step(Kind.EXIT_GROUP, 62, returned=False),
            step(Kind.EXIT_GROUP, 61, returned=False),
            LAST_EXIT,
        )
        seen = replay(DrawnScope(1, frozenset({"sched_process_exit"})), *journal)
        assert seen[0].ppids == frozenset(parents)


def test_expected_wait_before_fork_of_thread() -> None:
    """A wait may come before a fork by another thread, unless it waited for that thread.

    Seen on 6.12: the fork step started first, and the child outlived its parent.  On 6.1: a third
    thread had started to wait until both were at rest.
    """
    for settler, parents in ((None, {61, 60}), (61, {61}), (64, {61, 60})):
        settle = replace(step(Kind.SETTLE, settler or 0), pid=61)
        journal = (
            step(Kind.FORK, 60, 0, 61, 61, PIDNS, result=61),
            step(Kind.THREAD, 61, 0, 62, 62, PIDNS, result=62),
            step(Kind.THREAD, 61, 0, 64, 64, PIDNS, result=64),
            replace(step(Kind.FORK, 62, 0, 63, 63, PIDNS, result=63), pid=61),
            *([settle] if settler else []),
            step(Kind.WAIT, 61),
            step(Kind.EXIT_GROUP, 61, returned=False),
            step(Kind.EXIT_GROUP, 63, returned=False),
            LAST_EXIT,
        )
        seen = replay(DrawnScope(1, frozenset({"exit_group"})), *journal)
        assert (seen[1].pid, seen[1].ppids) == (63, frozenset(parents))


def test_expected_command_is_new_descendant() -> None:
    """The command is a new process, and descends from the ancestors of the tracer."""
    above: DrawnCondition = LaunchCondition(Key.TREE, Op.EQ, "agent")
    for condition in (above, Condition(Key.PID, Op.EQ, NEW)):
        scope = DrawnScope(1, frozenset({"getppid"}), frozenset({condition}))
        assert masks(scope, GETPPID, LAST_EXIT) == [1]


def test_expected_fields_raw_and_printed() -> None:
    args = {"dirfd": -100, "pathname": "/nonexistent/file", "flags": 0o2000000}
    process = Process(pid=9, tid=10, comm=b"x")
    fields = fields_of(load_catalogue()["openat"], process, (1, 2), -2, args, at_return={})
    assert fields["args", "flags"].printed == b"O_RDONLY|O_CLOEXEC"
    assert fields["args", "pathname"].raw == b"/nonexistent/file"
    assert fields["retval", ""].raw == -2
    assert [fields["context", name].raw for name in ("processId", "hostThreadId")] == [1, 10]


def test_expected_mask_of_field_filter() -> None:
    field = EventField("getppid", Part.RETVAL)
    for value, mask in ((5, 1), (6, 0)):
        scope = DrawnScope(1, frozenset({"exit"}), frozenset({Condition(field, Op.EQ, value)}))
        call = step(Kind.CALL, 60, load_catalogue()["getppid"].id, result=5)
        assert masks(scope, call, LAST_EXIT) == [mask]


def test_reduced_to_failing_part() -> None:
    """A failing batch is reduced to the scope and the step that fail."""
    guilty = SetComm(b"guilty")
    child = Image((Track((Call("getppid"), guilty, Call("getppid"))),))
    plans = [Image((Track((Call("getppid"), Fork(child, 9))),))] * 3 + [Image()] * 4
    condition = Condition(Key.COMM, Op.EQ, Pattern(b"x"))
    scopes = [DrawnScope(n, frozenset({"exit"}), frozenset({condition})) for n in (1, 2, 3)]

    def fails(batch: Batch) -> bool:
        return "guilty" in repr(batch.plans) and any(scope.number == 2 for scope in batch.scopes)

    smallest = reduced(Batch(tuple(plans), tuple(scopes)), fails, 60)
    assert smallest.plans == (Image((Track((guilty,)),)),)
    assert smallest.scopes == (DrawnScope(2, frozenset({"exit"})),)


def test_smaller_images_valid_pid_namespace() -> None:
    """No smaller image has a first process of a pid namespace that must not be one."""
    killed = Image(ending=Dies(9))
    image = Image((Track((Fork(Image((Track((Fork(killed),)),)), pidns=True),)),))
    items = [item for cut in smaller_images(image) for t in cut.tracks for item in t.items]
    assert Fork(killed) in items
    assert Fork(killed, pidns=True) not in items
