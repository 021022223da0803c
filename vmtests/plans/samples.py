# SPDX-License-Identifier: Apache-2.0
"""Fixed plan and scopes that cover every kind of step and filter."""

from __future__ import annotations

from tracee_ref.model.scope import NEW, Condition, ContainerId, EventField, Key, Op, Part, Pattern
from vmtests.plans.scope_drafts import BinaryCondition, DrawnCondition, DrawnScope, LaunchCondition
from vmtests.plans.steps import AT_FDCWD, CGROUPS, EVENTS, LINKS, NOWHERE, PATHS, root_of
from vmtests.workload.plan import (
    Call,
    Dies,
    Execs,
    Exits,
    FailedExec,
    Fork,
    Image,
    JoinCgroup,
    JoinMntns,
    NewMntns,
    Overwrite,
    SetComm,
    SetUid,
    SetUts,
    Track,
)

YIELD = Call("sched_yield")
LEAF = Image((Track((Call("getpgid", (0,)), SetComm(b"leaf"), YIELD)),), ending=Exits(7))


def generations(count: int) -> Image:
    """Return a chain of ``count`` generations, each with its own comm and uid."""
    child = generations(count - 1) if count > 1 else LEAF
    items = SetComm(b"level-%d" % count), SetUid(1000 + count), Fork(child), YIELD
    return Image((Track(items),))


ALPHA = Image((Track((Call("access", (NOWHERE, 4)), SetUid(0), YIELD)),), ending=Exits(3))
PARKED = Track((SetComm(b"parked"), YIELD), None)

CROWD = Image((Track((Fork(LEAF, 200),)),))
ATTRIBUTES = Image(
    (
        Track((SetUid(1000), SetComm(b"renamed"), YIELD, SetUid(2**32 - 2), YIELD)),
        Track((YIELD, SetComm(b""), YIELD, SetUid(0), Call("close", (-1,))), 9),
    )
)
EXEC_FROM_A_THREAD = Image(
    (PARKED, PARKED, Track((SetComm(b"thread"), SetUid(1001), FailedExec("missing"), YIELD))),
    ender=2,
    ending=Execs("alpha", ALPHA),
)
EXEC_WITHOUT_LEADER = Image(
    (Track((YIELD,), 5), Track((Fork(LEAF), YIELD))),
    ender=1,
    ending=Execs("alp", Image((Track((YIELD, Fork(LEAF))),), ending=Execs("alpha", ALPHA))),
)
KILLED_WITH_THREADS = Image((PARKED, Track((YIELD,)), PARKED), ender=1, ending=Dies(9))
LAST_THREAD_OUT = Image((Track((YIELD,), 1), Track((YIELD,))), 1, Exits(2, alone=True))
NAMESPACES = Image(
    (
        Track((SetUts(b"other"), NewMntns(), Call("close", (-1,)), Fork(LEAF), YIELD)),
        Track((YIELD, SetUts(b"other-thread"), NewMntns(), YIELD, JoinMntns(), YIELD)),
    ),
    ending=Execs("alpha", ALPHA),
)
IN_PID_NAMESPACE = Image(
    (
        Track((YIELD, Fork(Image((Track((Fork(generations(2)),)),), abandons=True)))),
        Track((YIELD, Fork(LEAF, 3, pidns=True))),
    ),
)
CONTAINED = Image(
    (Track((*(item for name in CGROUPS for item in (JoinCgroup(name), YIELD, Fork(LEAF))),)),)
)
OVERWRITTEN = Image(
    (
        Track(tuple(Overwrite("readlinkat", (AT_FDCWD, path, 0, 48)) for path in LINKS)),
        Track(tuple(Overwrite("statfs", (path, 0)) for path in PATHS)),
        Track(tuple(Overwrite("newfstatat", (AT_FDCWD, path, 0, 0)) for path in PATHS)),
    )
)
ORPHANS = Image((Track((Fork(generations(2)), Fork(LEAF))),), abandons=True)

EVERYTHING = root_of(
    [
        generations(5),
        CROWD,
        ATTRIBUTES,
        EXEC_FROM_A_THREAD,
        EXEC_WITHOUT_LEADER,
        KILLED_WITH_THREADS,
        LAST_THREAD_OUT,
        ORPHANS,
        NAMESPACES,
        Image((Track((Fork(IN_PID_NAMESPACE, 2, pidns=True), YIELD)),)),
        CONTAINED,
        OVERWRITTEN,
    ]
)


ANY = frozenset(EVENTS)

ONE_EACH: tuple[tuple[str, DrawnCondition], ...] = (
    ("comm", Condition(Key.COMM, Op.EQ, Pattern(b"alp", open_end=True))),
    ("comm", Condition(Key.COMM, Op.NE, Pattern(b"leaf"))),
    ("uid", Condition(Key.UID, Op.GE, 1001)),
    ("binary", BinaryCondition(Op.EQ, "alpha")),
    ("binary", BinaryCondition(Op.NE, "alpha")),
    ("pid", Condition(Key.PID, Op.GT, 1)),
    ("pid=new", Condition(Key.PID, Op.EQ, NEW)),
    ("pid=new", Condition(Key.PID, Op.NE, NEW)),
    ("uts", Condition(Key.UTS, Op.EQ, Pattern(b"other", open_end=True))),
    ("uts", LaunchCondition(Key.UTS, Op.EQ, "uts")),
    ("mntns", LaunchCondition(Key.MNTNS, Op.EQ, "mntns")),
    ("mntns", LaunchCondition(Key.MNTNS, Op.NE, "mntns")),
    ("pidns", LaunchCondition(Key.PIDNS, Op.EQ, "pidns")),
    ("pidns", LaunchCondition(Key.PIDNS, Op.NE, "pidns")),
    ("tree", LaunchCondition(Key.TREE, Op.EQ, "agent")),
    ("tree", Condition(Key.TREE, Op.NE, 1)),
    ("tree", LaunchCondition(Key.TREE, Op.NE, "last_pid", 3)),
    ("binary=NAMESPACE:PATH", BinaryCondition(Op.EQ, "alpha", "host")),
    ("binary=NAMESPACE:PATH", BinaryCondition(Op.NE, "alpha", "mntns")),
    ("container", Condition(Key.IN_CONTAINER, Op.EQ, True)),
    ("container", Condition(Key.CONTAINER, Op.EQ, NEW)),
    ("container", Condition(Key.CONTAINER, Op.NE, ContainerId("0a0a"))),
    ("!container", Condition(Key.IN_CONTAINER, Op.NE, True)),
    ("EVENT.retval", Condition(EventField("close", Part.RETVAL), Op.LT, 0)),
    ("EVENT.args.NAME", Condition(
        EventField("access", Part.ARGS, "pathname"), Op.EQ, Pattern(NOWHERE, open_end=True))),
    ("EVENT.args.NAME", Condition(
        EventField("readlinkat", Part.ARGS, "pathname"), Op.EQ, Pattern(LINKS[0]))),
    ("EVENT.args.NAME", Condition(
        EventField("statfs", Part.ARGS, "path"), Op.EQ, Pattern(b"\x9f", open_start=True))),
    ("EVENT.args.NAME", Condition(
        EventField("statfs", Part.ARGS, "path"), Op.NE, Pattern(b"\xa0", open_end=True))),
    ("EVENT.context.FIELD", Condition(
        EventField("sched_yield", Part.CONTEXT, "processName"), Op.EQ, Pattern(b"leaf"))),
)  # fmt: skip


def scopes_for_everything() -> tuple[DrawnScope, ...]:
    """Return a scope without filters, one for each kind of filter, and one with two filters."""
    conditions = [condition for _, condition in ONE_EACH]
    single = [DrawnScope(i + 2, ANY, frozenset({only})) for i, only in enumerate(conditions)]
    both = DrawnScope(64, ANY, frozenset(conditions[2:4]))
    return (DrawnScope(1, ANY), *single, *DESCENT, *FOLLOWING, both)


DESCENT = tuple(
    DrawnScope(31 + offset, ANY, frozenset(
        LaunchCondition(Key.TREE, Op.EQ, "last_pid", 4 + offset + 19 * i) for i in range(16)))
    for offset in range(19)
)  # fmt: skip
"""Trees of the next 304 process ids: some are those of processes with descendants.

So many, because other tests that run at the same time take process ids too.
"""

FOLLOWING = (
    DrawnScope(50, ANY, frozenset({Condition(Key.COMM, Op.EQ, Pattern(b"level-3"))}), follow=True),
    DrawnScope(51, ANY, frozenset({BinaryCondition(Op.EQ, "alp")}), follow=True),
    DrawnScope(52, ANY, frozenset({Condition(Key.UID, Op.EQ, 1001)}), follow=True),
)
