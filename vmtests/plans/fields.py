"""Hypothesis strategies for filters on the fields of one event: values that plans produce."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from model.scope import Condition, EventField, Op, Part, Pattern
from vmtests.plans.drawn_scopes import DrawnCondition, Later
from vmtests.plans.plans import ALPHABET, COMMS, EVENTS, NOWHERE, UIDS

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
TEXTS: Mapping[tuple[str, str], tuple[bytes, ...]] = {
    ("access", "pathname"): (NOWHERE, NOWHERE + b"0"),
    ("access", "mode"): (b"F_OK", b"R_OK", b"X_OK"),
    ("openat", "pathname"): (NOWHERE + b"file",),
    ("openat", "flags"): (b"O_RDONLY", b"O_RDONLY|O_CLOEXEC", b"O_CREAT", b"O_WRONLY"),
}
"""Texts, and the printed forms of numbers."""

RESULTS = (0, -2, -9, -22, -3, 1)
CONTEXT: Mapping[str, tuple[int | bytes, ...]] = {
    "userId": UIDS,
    "processId": (1, 2, 1000),
    "threadId": (1, 2, 3),
    "processName": tuple(comm for comm in COMMS if comm and b"," not in comm),
}
LATER = {"mountNamespace": "mntns", "pidNamespace": "pidns", "hostName": "uts"}
IDS = ("hostProcessId", "hostThreadId")

Strategy = st.SearchStrategy[DrawnCondition]


def ordered(field: EventField, values: tuple[int, ...]) -> Strategy:
    """Numbers with an order."""
    return st.builds(Condition, st.just(field), ORDERS, st.sampled_from(values))


def texts(field: EventField, values: tuple[bytes, ...]) -> Strategy:
    """Texts as they are, or with stars."""
    patterns = st.builds(Pattern, st.sampled_from(values), st.booleans(), st.booleans())
    exact = st.sampled_from(values).map(Pattern)
    return st.builds(Condition, st.just(field), EQUALITY, exact | patterns)


def arguments() -> Strategy:
    """Arguments, by number and by name."""
    every = []
    for (event, name), values in NUMBERS.items():
        field = EventField(event, Part.ARGS, name)
        digits = tuple(b"%d" % value for value in values)
        every += [ordered(field, values), texts(field, digits)]
    for (event, name), some in TEXTS.items():
        every.append(texts(EventField(event, Part.ARGS, name), some))
    return st.one_of(every)


@st.composite
def results(draw: st.DrawFn) -> DrawnCondition:
    """What calls of plans return."""
    event = draw(st.sampled_from(sorted(ALPHABET)))
    op = draw(st.sampled_from([Op.EQ, *Op]))
    return Condition(EventField(event, Part.RETVAL), op, draw(st.sampled_from(RESULTS)))


@st.composite
def contexts(draw: st.DrawFn) -> DrawnCondition:
    """Whose event it is; of numbers that no plan knows, the one that is known at the launch."""
    event = draw(st.sampled_from(EVENTS))
    name = draw(st.sampled_from([*CONTEXT, *LATER, *IDS, "container"]))
    field = EventField(event, Part.CONTEXT, name)
    if name == "container":
        return Condition(field, draw(st.sampled_from([Op.EQ, Op.NE])), True)
    if name in LATER:
        return Later(field, draw(EQUALITY), LATER[name])
    if name in IDS:
        return Later(field, draw(st.sampled_from(list(Op))), "last_pid", draw(st.integers(1, 40)))
    value = draw(st.sampled_from(CONTEXT[name]))
    if isinstance(value, bytes):
        return Condition(field, draw(EQUALITY), Pattern(value, open_end=draw(st.booleans())))
    return Condition(field, draw(st.sampled_from(list(Op))), value)


def field_conditions(part: Part) -> Strategy:
    """Filters on the fields of a part of an event."""
    return {Part.ARGS: arguments(), Part.RETVAL: results(), Part.CONTEXT: contexts()}[part]
