"""A plan that has at least one of everything, for runs in which few are drawn."""

from __future__ import annotations

from model.scope import NEW, Condition, ContainerId, EventField, Key, Op, Part, Pattern
from vmtests.plans.drawn_scopes import Drawn, DrawnCondition, Later, Program
from vmtests.plans.plans import CGROUPS, EVENTS, NOWHERE, root_of
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
    SetComm,
    SetUid,
    SetUts,
    Track,
)

YIELD = Call("sched_yield")
LEAF = Image((Track((Call("getpgid", (0,)), SetComm(b"leaf"), YIELD)),), ending=Exits(7))


def generations(count: int) -> Image:
    """A tree that is that deep, each generation under a name and a uid of its own."""
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
    ]
)


ANY = frozenset(EVENTS)

ONE_EACH: tuple[tuple[str, DrawnCondition], ...] = (
    ("comm", Condition(Key.COMM, Op.EQ, Pattern(b"alp", open_end=True))),
    ("comm", Condition(Key.COMM, Op.NE, Pattern(b"leaf"))),
    ("uid", Condition(Key.UID, Op.GE, 1001)),
    ("binary", Program(Op.EQ, "alpha")),
    ("binary", Program(Op.NE, "alpha")),
    ("pid", Condition(Key.PID, Op.GT, 1)),
    ("pid=new", Condition(Key.PID, Op.EQ, NEW)),
    ("pid=new", Condition(Key.PID, Op.NE, NEW)),
    ("uts", Condition(Key.UTS, Op.EQ, Pattern(b"other", open_end=True))),
    ("uts", Later(Key.UTS, Op.EQ, "uts")),
    ("mntns", Later(Key.MNTNS, Op.EQ, "mntns")),
    ("mntns", Later(Key.MNTNS, Op.NE, "mntns")),
    ("pidns", Later(Key.PIDNS, Op.EQ, "pidns")),
    ("pidns", Later(Key.PIDNS, Op.NE, "pidns")),
    ("tree", Later(Key.TREE, Op.EQ, "agent")),
    ("tree", Condition(Key.TREE, Op.NE, 1)),
    ("tree", Later(Key.TREE, Op.NE, "last_pid", 3)),
    ("binary=NAMESPACE:PATH", Program(Op.EQ, "alpha", "host")),
    ("binary=NAMESPACE:PATH", Program(Op.NE, "alpha", "mntns")),
    ("container", Condition(Key.IN_CONTAINER, Op.EQ, True)),
    ("container", Condition(Key.CONTAINER, Op.EQ, NEW)),
    ("container", Condition(Key.CONTAINER, Op.NE, ContainerId("0a0a"))),
    ("!container", Condition(Key.IN_CONTAINER, Op.NE, True)),
    ("EVENT.retval", Condition(EventField("close", Part.RETVAL), Op.LT, 0)),
    ("EVENT.args.NAME", Condition(
        EventField("access", Part.ARGS, "pathname"), Op.EQ, Pattern(NOWHERE, open_end=True))),
    ("EVENT.context.FIELD", Condition(
        EventField("sched_yield", Part.CONTEXT, "processName"), Op.EQ, Pattern(b"leaf"))),
)  # fmt: skip


def scopes_for_everything() -> tuple[Drawn, ...]:
    """One scope for all of it, and one for each kind of filter."""
    conditions = [condition for _, condition in ONE_EACH]
    several = [Drawn(i + 2, ANY, frozenset({one})) for i, one in enumerate(conditions)]
    both = Drawn(64, ANY, frozenset(conditions[2:4]))
    return (Drawn(1, ANY), *several, *DESCENT, *FOLLOWING, both)


DESCENT = tuple(
    Drawn(31 + place, ANY, frozenset(
        Later(Key.TREE, Op.EQ, "last_pid", 4 + place + 19 * turn) for turn in range(16)))
    for place in range(19)
)  # fmt: skip
"""The ids that come next: some are those of processes with descendants.

Some 300 of them, since what else runs beside, as other tests do, takes ids too.
"""

FOLLOWING = (
    Drawn(50, ANY, frozenset({Condition(Key.COMM, Op.EQ, Pattern(b"level-3"))}), follow=True),
    Drawn(51, ANY, frozenset({Program(Op.EQ, "alp")}), follow=True),
    Drawn(52, ANY, frozenset({Condition(Key.UID, Op.EQ, 1001)}), follow=True),
)
