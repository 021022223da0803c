# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for scope sets and for processes that often match them.

Values come from small pools that include the boundaries: with uniform values no filter would match,
and a test of the matcher would test nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import strategies as st

from tracee_ref.model.facts import Container, Process
from tracee_ref.model.scope import (
    COMM_BYTES,
    MAX_SCOPES,
    NEW,
    Binary,
    Condition,
    ContainerId,
    Key,
    Op,
    Pattern,
    Scope,
    Value,
)
from tracee_ref.tables.compile import IDS, NAMES, PATH_BYTES
from tracee_ref.tables.containers import ID_DIGITS

EVENTS = {"alpha": 1, "beta": 2, "gamma": 1023}
"""Events of the decision tests, with their numbers in the BPF program."""

U32_EDGES = (0, 1, 2, 7, 999, 1000, 1001, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)
KEYS = tuple(Key)
CONTAINER_STARTS = ("0", "f", "0f", "0f0", "f" * 63, "f" * 64, "f" * 65, "F", "g", "new")
NAMESPACES = (4026531832, 4026532999)

EQUALITY = st.sampled_from([Op.EQ, Op.EQ, Op.NE])
ANY_OP = st.sampled_from([Op.EQ, Op.EQ, *Op])

numbers = st.sampled_from(U32_EDGES) | st.sampled_from(U32_EDGES) | st.integers(0, 2**32 - 1)
strings = st.binary(max_size=COMM_BYTES).map(lambda b: b.replace(b"\0", b"x"))
words = st.text("ab\xff", max_size=5).map(lambda t: t.encode("latin-1"))
comms = words | words | strings
paths = st.sampled_from(
    [b"/bin/ls", b"/bin/l", b"/usr/bin/ls", b"/" + b"a" * (PATH_BYTES - 1), b"/\xff\xfe"]
)


container_values = st.just(NEW) | (
    st.sampled_from(CONTAINER_STARTS) | st.text("0f", min_size=1, max_size=64)
).map(ContainerId)


@st.composite
def patterns(draw: st.DrawFn, *, beyond: bool) -> Pattern:
    text = draw(comms.filter(bool))
    if not beyond:
        return Pattern(text)
    return Pattern(text, draw(st.booleans()), draw(st.booleans()))


@st.composite
def conditions(draw: st.DrawFn, key: Key, *, beyond: bool) -> Condition:
    if key is Key.PID and draw(st.integers(0, 3)) == 0:
        return Condition(key, draw(EQUALITY), NEW)
    if key in IDS:
        return Condition(key, draw(ANY_OP if beyond else EQUALITY), draw(numbers))
    if key in (Key.MNTNS, Key.PIDNS, Key.TREE):
        return Condition(key, draw(EQUALITY), draw(numbers))
    if key is Key.IN_CONTAINER:
        return Condition(key, draw(EQUALITY), True)
    if key is Key.CONTAINER:
        return Condition(key, draw(EQUALITY), draw(container_values))
    if key in NAMES:
        return Condition(key, draw(EQUALITY), draw(patterns(beyond=beyond)))
    namespace = draw(st.none() | st.sampled_from(NAMESPACES))
    return Condition(key, draw(EQUALITY), Binary(draw(paths), namespace))


@st.composite
def filters(draw: st.DrawFn, *, beyond: bool) -> frozenset[Condition]:
    """Draw several conditions on few keys: on many keys, hardly any process would match all."""
    found: frozenset[Condition] = frozenset()
    keys = st.sampled_from(KEYS)
    if beyond:
        keys |= st.sampled_from((*NAMES, *IDS))
    for key in draw(st.sets(keys, max_size=2)):
        found |= draw(st.frozensets(conditions(key, beyond=beyond), min_size=1, max_size=4))
    return found


@st.composite
def scope_sets(draw: st.DrawFn, *, beyond: bool = False) -> tuple[Scope, ...]:
    """Draw 1 to 64 scopes; large sets repeat a few kinds of scopes, which keeps examples small.

    With ``beyond``, filters on names and ids go beyond single values: ``*``, ``<`` and ``>``.
    """
    events = st.frozensets(st.sampled_from(sorted(EVENTS)), min_size=1)
    kinds = draw(
        st.lists(st.tuples(events, filters(beyond=beyond), st.booleans()), min_size=1, max_size=6)
    )
    few = st.sets(st.integers(1, MAX_SCOPES), min_size=1, max_size=5)
    all_of_them = st.just(set(range(1, MAX_SCOPES + 1)))
    used = draw(few | few | all_of_them)
    return tuple(
        Scope(number, *kinds[index % len(kinds)]) for index, number in enumerate(sorted(used))
    )


class Neighbourhood:
    """Random processes near the values in the filters of a set of scopes.

    This is not a strategy: an example has hundreds of processes, and shrinks by its scopes.
    """

    def __init__(self, scopes: Sequence[Scope], seed: int) -> None:
        self._random = Random(seed)
        self._follow = sum(scope.bit for scope in scopes if scope.follow)
        values: dict[Key, list[Value]] = {key: [] for key in KEYS}
        for condition in {c for scope in scopes for c in scope.conditions}:
            if isinstance(condition.key, Key):
                values[condition.key].append(condition.value)
        self._values = {key: sorted(used, key=repr) for key, used in values.items()}

    def process(self) -> Process:
        """Return a process; its pid and tid are often equal."""
        pid = self._number(Key.PID)
        return Process(
            pid=pid,
            tid=self._random.choice((pid, self._number(Key.PID))),
            uid=self._number(Key.UID),
            comm=self._name(Key.COMM),
            uts=self._name(Key.UTS),
            mntns=self._number(Key.MNTNS),
            pidns=self._number(Key.PIDNS),
            binary=self._binary(),
            container=self._container(),
            new=self._random.random() < 0.5,
            ancestry=frozenset(self._number(Key.TREE) for _ in range(self._random.randrange(6))),
            followed=self._random.choice((0, 0, self._random.getrandbits(64))) & self._follow,
            tracer=self._random.random() < 0.05,
        )

    def _mentioned(self, key: Key) -> Value | None:
        values = self._values[key]
        return self._random.choice(values) if values and self._random.random() < 0.8 else None

    def _number(self, key: Key) -> int:
        value = self._mentioned(key)
        if isinstance(value, int):
            return min(max(value + self._random.choice((-1, 0, 0, 1)), 0), U32_EDGES[-1])
        return self._random.choice((*U32_EDGES, self._random.getrandbits(32)))

    def _name(self, key: Key) -> bytes:
        value = self._mentioned(key)
        text = value.text if isinstance(value, Pattern) else self._random.randbytes(15)
        before, after = self._random.choices((b"", b"", b"a", b"b", b"ab\xff"), k=2)
        text = (before + text + after).replace(b"\0", b"x")[:COMM_BYTES]
        return text[: self._random.choice((COMM_BYTES, COMM_BYTES, len(text) // 2, 0))]

    def _container(self) -> Container | None:
        """Return a container, often with the id prefix of a filter or one digit off; or None."""
        value = self._mentioned(Key.CONTAINER)
        start = value.prefix if isinstance(value, ContainerId) else ""
        start = "".join(digit for digit in start if digit in "0f")[:ID_DIGITS]
        if start and self._random.random() < 0.2:
            at = self._random.randrange(len(start))
            start = start[:at] + self._random.choice("0f7") + start[at + 1 :]
        rest = self._random.choices("0f", k=ID_DIGITS - len(start))
        container = Container(start + "".join(rest), self._random.random() < 0.5)
        return container if self._random.random() < 0.8 else None

    def _binary(self) -> Binary | None:
        value = self._mentioned(Key.BINARY)
        path = value.path if isinstance(value, Binary) else b"/bin/other"
        path += self._random.choice((b"", b"", b"", b"x" * 9))
        namespace = self._random.choice(NAMESPACES)
        return Binary(path, namespace) if self._random.random() < 0.95 else None
