"""Hypothesis strategies for filters that are about what a plan does, so that they often hold."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from model.scope import COMM_BYTES, NEW, Condition, ContainerId, Key, Op, Part, Pattern
from vmtests.plans.drawn_scopes import DrawnCondition, Later, Program
from vmtests.plans.fields import field_conditions
from vmtests.plans.plans import CGROUPS, COMMS, HOST_NAMES, PROGRAMS, UIDS

EQUALITY = st.sampled_from([Op.EQ, Op.EQ, Op.NE])
ANY_OP = st.sampled_from([Op.EQ, Op.EQ, *Op])
U32_MAX = 2**32 - 1


@st.composite
def patterns(draw: st.DrawFn, texts: tuple[bytes, ...]) -> Pattern:
    """A text that is there, or a piece of one with stars."""
    text = draw(st.sampled_from(texts))
    first = draw(st.integers(0, len(text) - 1))
    last = draw(st.integers(first + 1, len(text)))
    whole = Pattern(text[:COMM_BYTES])
    piece = Pattern(text[:COMM_BYTES][first:last] or b"-", draw(st.booleans()), draw(st.booleans()))
    return draw(st.sampled_from([whole, whole, piece]))


@st.composite
def numbers(draw: st.DrawFn, key: Key, values: tuple[int, ...]) -> Condition:
    """Around a value, with any operator that can ever hold."""
    value = draw(st.sampled_from(values)) + draw(st.sampled_from([0, 0, 0, 1, -1]))
    value = min(max(value, 0), U32_MAX)
    never = {0: Op.LT, U32_MAX: Op.GT}.get(value)
    return Condition(key, draw(ANY_OP.filter(lambda op: op is not never)), value)


def texts(key: Key, known: tuple[bytes, ...]) -> st.SearchStrategy[Condition]:
    """Of names: a flag cannot hold every one."""
    writable = tuple(text for text in known if text and not set(text) & set(b",*"))
    return st.builds(Condition, st.just(key), EQUALITY, patterns(writable))


def inodes(key: Key, here: str, of_new: str) -> st.SearchStrategy[Later]:
    """The namespace in which a run begins, and ones that its processes make."""
    first = st.builds(Later, st.just(key), EQUALITY, st.just(here))
    others = st.builds(Later, st.just(key), EQUALITY, st.just(of_new), st.integers(0, 3))
    return first | others


PROCESSES = st.integers(1, 40)
"""From the last id before the launch: the tracer takes the next ones, a plan those after."""

ancestors = st.builds(Later, st.just(Key.TREE), EQUALITY, st.just("agent")) | st.builds(
    Condition, st.just(Key.TREE), EQUALITY, st.sampled_from([0, 1, U32_MAX])
)
programs = st.sampled_from(["workload", *PROGRAMS])

KINDS: Mapping[str, st.SearchStrategy[DrawnCondition]] = {
    "comm": texts(Key.COMM, (*COMMS, b"workload", b"alp")),
    "uid": numbers(Key.UID, UIDS),
    "pid": st.builds(Later, st.just(Key.PID), ANY_OP, st.just("last_pid"), PROCESSES),
    "pid=new": st.builds(Condition, st.just(Key.PID), EQUALITY, st.just(NEW)),
    "binary": st.builds(Program, EQUALITY, programs),
    "binary=NAMESPACE:PATH": st.builds(Program, EQUALITY, programs, st.sampled_from(
        ["host", "mntns", "new_mntns"])),
    "uts": texts(Key.UTS, HOST_NAMES) | st.builds(
        Later, st.just(Key.UTS), EQUALITY, st.just("uts")),
    "mntns": inodes(Key.MNTNS, "mntns", "new_mntns"),
    "pidns": inodes(Key.PIDNS, "pidns", "new_pidns"),
    "tree": ancestors | st.builds(
        Later, st.just(Key.TREE), EQUALITY, st.just("last_pid"), PROCESSES),
    "container": st.just(Condition(Key.IN_CONTAINER, Op.EQ, True)) | st.builds(
        Condition, st.just(Key.CONTAINER), EQUALITY, st.just(NEW) | st.sampled_from(
            sorted(filter(None, CGROUPS.values()))).map(lambda id_: ContainerId(id_[:8]))),
    "!container": st.just(Condition(Key.IN_CONTAINER, Op.NE, True)),
    "EVENT.args.NAME": field_conditions(Part.ARGS),
    "EVENT.retval": field_conditions(Part.RETVAL),
    "EVENT.context.FIELD": field_conditions(Part.CONTEXT),
}  # fmt: skip
"""The kinds of filter that live runs draw, by their form in the reference."""

conditions = st.sampled_from(sorted(KINDS)).flatmap(lambda form: KINDS[form])
