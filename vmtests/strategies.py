"""Hypothesis strategies for scope sets and facts, made so that the two often meet.

Values come from small pools with the boundaries in them: with values from all over the place
no filter would ever match, and a test of the matcher would test nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from model.facts import Process
from model.scope import COMM_BYTES, MAX_SCOPES, Binary, Condition, Key, Op, Pattern, Scope
from tracee_ref.tables.binaries import PATH_BYTES

EVENTS = {"alpha": 1, "beta": 2, "gamma": 1023}
"""Events of the decision tests, with their numbers on the kernel side."""

U32_EDGES = (0, 1, 2, 7, 999, 1000, 1001, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)
NAMESPACES = (4026531832, 4026532999)

EQUALITY = st.sampled_from([Op.EQ, Op.EQ, Op.NE])
ANY_OP = st.sampled_from(list(Op))

numbers = st.sampled_from(U32_EDGES) | st.integers(0, 2**32 - 1)
texts = st.binary(max_size=COMM_BYTES).map(lambda b: b.replace(b"\0", b"x"))
words = st.text("ab\xff", max_size=COMM_BYTES).map(lambda t: t.encode("latin-1"))
comms = words | words | texts
paths = st.sampled_from(
    [b"/bin/ls", b"/bin/l", b"/usr/bin/ls", b"/" + b"a" * (PATH_BYTES - 1), b"/\xff\xfe"]
) | st.binary(min_size=1, max_size=PATH_BYTES).map(lambda b: b.replace(b"\0", b"/"))


@st.composite
def patterns(draw: st.DrawFn, *, stars: bool) -> Pattern:
    text = draw(comms.filter(bool))
    if not stars:
        return Pattern(text)
    return Pattern(text, draw(st.booleans()), draw(st.booleans()))


@st.composite
def conditions(draw: st.DrawFn, *, stars: bool) -> Condition:
    key = draw(st.sampled_from([Key.UID, Key.PID, Key.COMM, Key.BINARY]))
    if key in (Key.UID, Key.PID):
        return Condition(key, draw(ANY_OP), draw(numbers))
    if key is Key.COMM:
        return Condition(key, draw(EQUALITY), draw(patterns(stars=stars)))
    namespace = draw(st.none() | st.sampled_from(NAMESPACES))
    return Condition(key, draw(EQUALITY), Binary(draw(paths), namespace))


@st.composite
def scope_sets(draw: st.DrawFn, *, stars: bool = False) -> tuple[Scope, ...]:
    """1 to 64 scopes; large sets repeat a few kinds of scopes, which keeps examples small."""
    events = st.frozensets(st.sampled_from(sorted(EVENTS)), min_size=1)
    filters = st.frozensets(conditions(stars=stars), max_size=5)
    kinds = draw(st.lists(st.tuples(events, filters), min_size=1, max_size=6))
    few = st.sets(st.integers(1, MAX_SCOPES), min_size=1, max_size=5)
    many = st.sets(st.integers(1, MAX_SCOPES), min_size=1)
    taken = draw(few | many | st.just(set(range(1, MAX_SCOPES + 1))))
    return tuple(Scope(number, *draw(st.sampled_from(kinds))) for number in sorted(taken))


def mentioned(scopes: Sequence[Scope], key: Key) -> list[Condition]:
    """The conditions of all scopes that are about a key."""
    found = {c for scope in scopes for c in scope.process.get(key, ())}
    return sorted(found, key=repr)


@st.composite
def processes(draw: st.DrawFn, scopes: Sequence[Scope]) -> Process:
    """Facts near the values that the scopes mention."""
    return Process(
        pid=draw(near(scopes, Key.PID)),
        tid=draw(near(scopes, Key.PID)),
        uid=draw(near(scopes, Key.UID)),
        comm=draw(comms_near(scopes)),
        binary=draw(binaries_near(scopes)),
        tracer=draw(st.sampled_from([False] * 9 + [True])),
    )


def near(scopes: Sequence[Scope], key: Key) -> st.SearchStrategy[int]:
    values = {c.value for c in mentioned(scopes, key) if isinstance(c.value, int)}
    close = {v + d for v in values for d in (-1, 0, 1) if 0 <= v + d < 2**32}
    return st.sampled_from(sorted(close)) | numbers if close else numbers


def comms_near(scopes: Sequence[Scope]) -> st.SearchStrategy[bytes]:
    known = {c.value.text for c in mentioned(scopes, Key.COMM) if isinstance(c.value, Pattern)}
    if not known:
        return comms
    known_texts = st.sampled_from(sorted(known))
    around = st.tuples(words, known_texts, words).map(lambda three: b"".join(three)[:COMM_BYTES])
    return known_texts | around | comms


def binaries_near(scopes: Sequence[Scope]) -> st.SearchStrategy[Binary | None]:
    known = {c.value.path for c in mentioned(scopes, Key.BINARY) if isinstance(c.value, Binary)}
    some = st.sampled_from(sorted(known)) | paths if known else paths
    too_long = st.just(b"/" + b"a" * (PATH_BYTES + 9))
    return st.none() | st.builds(Binary, some | some | too_long, st.sampled_from(NAMESPACES))
