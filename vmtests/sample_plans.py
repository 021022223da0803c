"""A plan that has at least one of everything, for runs in which few are drawn."""

from __future__ import annotations

from os import fsencode

from model.scope import Binary, Condition, Key, Op, Pattern, Scope
from vmtests.plans import EVENTS, NOWHERE, root_of
from vmtests.workload.plan import (
    Call,
    Dies,
    Execs,
    Exits,
    FailedExec,
    Fork,
    Image,
    SetComm,
    SetUid,
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
    ]
)


def scopes_for(directory: str) -> tuple[Scope, ...]:
    """One scope for all of it, and one for each kind of filter."""
    alpha = Binary(fsencode(f"{directory}/alpha"))
    conditions = (
        Condition(Key.COMM, Op.EQ, Pattern(b"alp", open_end=True)),
        Condition(Key.COMM, Op.NE, Pattern(b"leaf")),
        Condition(Key.UID, Op.GE, 1001),
        Condition(Key.BINARY, Op.EQ, alpha),
        Condition(Key.BINARY, Op.NE, alpha),
        Condition(Key.PID, Op.GT, 1),
    )
    events = frozenset(EVENTS)
    several = [Scope(i + 2, events, frozenset({one})) for i, one in enumerate(conditions)]
    return (Scope(1, events), *several, Scope(64, events, frozenset(conditions[2:4])))
