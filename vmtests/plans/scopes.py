# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for filters with values of plans, which often match."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from tracee_ref.model.scope import COMM_BYTES, NEW, Condition, ContainerId, Key, Op, Part, Pattern
from vmtests.plans.fields import field_conditions
from vmtests.plans.scope_drafts import BinaryCondition, DrawnCondition, LaunchCondition
from vmtests.plans.steps import CGROUPS, COMMS, EXECUTABLES, HOST_NAMES, UIDS

EQUALITY = st.sampled_from([Op.EQ, Op.EQ, Op.NE])
ANY_OP = st.sampled_from([Op.EQ, Op.EQ, *Op])
U32_MAX = 2**32 - 1


@st.composite
def patterns(draw: st.DrawFn, strings: tuple[bytes, ...]) -> Pattern:
    """Draw one of the strings, or a piece of one with ``*`` at its ends."""
    text = draw(st.sampled_from(strings))
    first = draw(st.integers(0, len(text) - 1))
    last = draw(st.integers(first + 1, len(text)))
    whole = Pattern(text[:COMM_BYTES])
    piece = Pattern(text[:COMM_BYTES][first:last] or b"-", draw(st.booleans()), draw(st.booleans()))
    return draw(st.sampled_from([whole, whole, piece]))


@st.composite
def numbers(draw: st.DrawFn, key: Key, values: tuple[int, ...]) -> Condition:
    """Draw a condition on a number near a value, with an operator that can match."""
    value = draw(st.sampled_from(values)) + draw(st.sampled_from([0, 0, 0, 1, -1]))
    value = min(max(value, 0), U32_MAX)
    never = {0: Op.LT, U32_MAX: Op.GT}.get(value)
    return Condition(key, draw(ANY_OP.filter(lambda op: op is not never)), value)


def strings(key: Key, values: tuple[bytes, ...]) -> st.SearchStrategy[Condition]:
    """Return conditions with the values that a flag can express."""
    writable = tuple(text for text in values if text and not set(text) & set(b",*"))
    return st.builds(Condition, st.just(key), EQUALITY, patterns(writable))


def inodes(key: Key, here: str, of_new: str) -> st.SearchStrategy[LaunchCondition]:
    """Return conditions on the namespace in which a run starts, and on those that it creates."""
    first = st.builds(LaunchCondition, st.just(key), EQUALITY, st.just(here))
    others = st.builds(LaunchCondition, st.just(key), EQUALITY, st.just(of_new), st.integers(0, 3))
    return first | others


PROCESSES = st.integers(1, 40)
"""Offsets from the last pid before the launch: the tracer takes the next ones, then the plan."""

ancestors = st.builds(LaunchCondition, st.just(Key.TREE), EQUALITY, st.just("agent")) | st.builds(
    Condition, st.just(Key.TREE), EQUALITY, st.sampled_from([0, 1, U32_MAX])
)
executables = st.sampled_from(["workload", *EXECUTABLES])

FILTER_KINDS: Mapping[str, st.SearchStrategy[DrawnCondition]] = {
    "comm": strings(Key.COMM, (*COMMS, b"workload", b"alp")),
    "uid": numbers(Key.UID, UIDS),
    "pid": st.builds(LaunchCondition, st.just(Key.PID), ANY_OP, st.just("last_pid"), PROCESSES),
    "pid=new": st.builds(Condition, st.just(Key.PID), EQUALITY, st.just(NEW)),
    "binary": st.builds(BinaryCondition, EQUALITY, executables),
    "binary=NAMESPACE:PATH": st.builds(BinaryCondition, EQUALITY, executables, st.sampled_from(
        ["host", "mntns", "new_mntns"])),
    "uts": strings(Key.UTS, HOST_NAMES) | st.builds(
        LaunchCondition, st.just(Key.UTS), EQUALITY, st.just("uts")),
    "mntns": inodes(Key.MNTNS, "mntns", "new_mntns"),
    "pidns": inodes(Key.PIDNS, "pidns", "new_pidns"),
    "tree": ancestors | st.builds(
        LaunchCondition, st.just(Key.TREE), EQUALITY, st.just("last_pid"), PROCESSES),
    "container": st.just(Condition(Key.IN_CONTAINER, Op.EQ, True)) | st.builds(
        Condition, st.just(Key.CONTAINER), EQUALITY, st.just(NEW) | st.sampled_from(
            sorted(filter(None, CGROUPS.values()))).map(lambda id_: ContainerId(id_[:8]))),
    "!container": st.just(Condition(Key.IN_CONTAINER, Op.NE, True)),
    "EVENT.args.NAME": field_conditions(Part.ARGS),
    "EVENT.retval": field_conditions(Part.RETVAL),
    "EVENT.context.FIELD": field_conditions(Part.CONTEXT),
}  # fmt: skip
"""The kinds of filters that live runs draw, by their form in the reference."""

conditions = st.sampled_from(sorted(FILTER_KINDS)).flatmap(lambda form: FILTER_KINDS[form])
