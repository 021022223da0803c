# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for filters on event fields, with values of plans."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from tracee_ref.model.scope import Condition, EventField, Op, Part, Pattern
from vmtests.plans.scope_drafts import DrawnCondition, LaunchCondition
from vmtests.plans.steps import CALLS, COMMS, EVENTS, LINKS, NOWHERE, PATHS, RENAME, UIDS

EQUALITY = st.sampled_from([Op.EQ, Op.EQ, Op.NE])
ORDERS = st.sampled_from([Op.LT, Op.LE, Op.GT, Op.GE])

NUMBERS: Mapping[tuple[str, str], tuple[int, ...]] = {
    ("getpgid", "pid"): (0, 1, -1),
    ("close", "fd"): (-1, 1000, 2**31 - 1),
    ("dup", "oldfd"): (-1, 1000),
    ("lseek", "offset"): (0, -1, 2**40),
    ("lseek", "whence"): (0, 2, 4),
    ("access", "mode"): (0, 4),
    ("openat", "dirfd"): (-100, -1),
    ("openat", "flags"): (0, 0o2000000, 0o1101),
}
STRINGS: Mapping[tuple[str, str], tuple[bytes, ...]] = {
    ("access", "pathname"): (NOWHERE, NOWHERE + b"0"),
    ("access", "mode"): (b"F_OK", b"R_OK", b"X_OK"),
    ("openat", "pathname"): (NOWHERE + b"file",),
    ("readlinkat", "pathname"): (*LINKS, b"/proc/", b"self/mountss", b"self/mounts", b"s", b"ss"),
    ("newfstatat", "pathname"): (*PATHS, b"/proc/"),
    ("statfs", "path"): (*PATHS, b"\xa0\x9f", b"\x9f"),
    ("openat", "flags"): (b"O_RDONLY", b"O_RDONLY|O_CLOEXEC", b"O_CREAT", b"O_WRONLY"),
    (RENAME, "newcomm"): (b"alpha", b"beta", b"a-name-of-more-"),
    (RENAME, "oldcomm"): (b"alpha", b"beta", b"workload"),
}
"""Strings, also such as overwritten ones become, and the printed forms of numbers."""

RESULTS = (0, -2, -9, -22, -3, 1)
CONTEXT: Mapping[str, tuple[int | bytes, ...]] = {
    "userId": UIDS,
    "processId": (1, 2, 1000),
    "threadId": (1, 2, 3),
    "processName": tuple(comm for comm in COMMS if comm and b"," not in comm),
}
LAUNCH_FACTS = {"mountNamespace": "mntns", "pidNamespace": "pidns", "hostName": "uts"}
IDS = ("hostProcessId", "hostThreadId")

Strategy = st.SearchStrategy[DrawnCondition]


def ordered(field: EventField, values: tuple[int, ...]) -> Strategy:
    """Return conditions that compare numbers by ``<``, ``<=``, ``>`` or ``>=``."""
    return st.builds(Condition, st.just(field), ORDERS, st.sampled_from(values))


def strings(field: EventField, values: tuple[bytes, ...]) -> Strategy:
    """Return conditions with a whole string, or one with ``*`` at its ends."""
    patterns = st.builds(Pattern, st.sampled_from(values), st.booleans(), st.booleans())
    exact = st.sampled_from(values).map(Pattern)
    return st.builds(Condition, st.just(field), EQUALITY, exact | patterns)


def arguments() -> Strategy:
    """Return conditions on arguments, by number and by printed form."""
    strategies = []
    for (event, name), values in NUMBERS.items():
        field = EventField(event, Part.ARGS, name)
        digits = tuple(b"%d" % value for value in values)
        strategies += [ordered(field, values), strings(field, digits)]
    for (event, name), names in STRINGS.items():
        strategies.append(strings(EventField(event, Part.ARGS, name), names))
    return st.one_of(strategies)


@st.composite
def results(draw: st.DrawFn) -> DrawnCondition:
    """Draw a condition on the return value of a call of plans."""
    event = draw(st.sampled_from(sorted(CALLS)))
    op = draw(st.sampled_from([Op.EQ, *Op]))
    return Condition(EventField(event, Part.RETVAL), op, draw(st.sampled_from(RESULTS)))


@st.composite
def contexts(draw: st.DrawFn) -> DrawnCondition:
    """Draw a condition on a context field; namespaces and ids come from the launch."""
    event = draw(st.sampled_from(EVENTS))
    name = draw(st.sampled_from([*CONTEXT, *LAUNCH_FACTS, *IDS, "container"]))
    field = EventField(event, Part.CONTEXT, name)
    if name == "container":
        return Condition(field, draw(st.sampled_from([Op.EQ, Op.NE])), True)
    if name in LAUNCH_FACTS:
        return LaunchCondition(field, draw(EQUALITY), LAUNCH_FACTS[name])
    if name in IDS:
        return LaunchCondition(
            field, draw(st.sampled_from(list(Op))), "last_pid", draw(st.integers(1, 40))
        )
    value = draw(st.sampled_from(CONTEXT[name]))
    if isinstance(value, bytes):
        return Condition(field, draw(EQUALITY), Pattern(value, open_end=draw(st.booleans())))
    return Condition(field, draw(st.sampled_from(list(Op))), value)


def field_conditions(part: Part) -> Strategy:
    """Return filters on one part of an event: arguments, return value or context."""
    return {Part.ARGS: arguments(), Part.RETVAL: results(), Part.CONTEXT: contexts()}[part]
