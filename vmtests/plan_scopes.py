"""Hypothesis strategies for scopes that are about what a plan does, so that they often match."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from os import fsencode
from typing import Any, TypeAlias

from hypothesis import strategies as st

from model.scope import COMM_BYTES, MAX_SCOPES, Binary, Condition, Key, Op, Pattern, Scope
from vmtests.plans import EVENTS, plans, root_of
from vmtests.workload.plan import Execs, Image, SetComm, SetUid

PIDS = (0, 1, 100, 300, 1000, 10_000, 20_000, 32_768, 2**22, 2**32 - 1)
"""Ids are not known before the run; an order divides the processes of a plan by luck."""


@dataclass(frozen=True)
class Vocabulary:
    """What processes of a plan are called, run as and run; conditions are about this."""

    comms: tuple[bytes, ...]
    uids: tuple[int, ...]
    binaries: tuple[bytes, ...]


def vocabulary_of(root: Image, directory: str) -> Vocabulary:
    parts = list(parts_of(root))
    names = [fsencode(part.name) for part in parts if isinstance(part, Execs)] + [b"workload"]
    named = [part.comm for part in parts if isinstance(part, SetComm)]
    texts = {name[:COMM_BYTES] for name in [*named, *names]}
    uids = {0} | {part.uid for part in parts if isinstance(part, SetUid)}
    paths = {fsencode(directory) + b"/" + name for name in names}
    return Vocabulary(tuple(sorted(texts)), tuple(sorted(uids)), tuple(sorted(paths)))


def parts_of(value: Any) -> Iterator[Any]:
    """A plan's dataclasses, from the outside in."""
    if is_dataclass(value):
        yield value
        for one in fields(value):
            yield from parts_of(getattr(value, one.name))
    elif isinstance(value, tuple):
        for element in value:
            yield from parts_of(element)


EQUALITY = st.sampled_from([Op.EQ, Op.EQ, Op.NE])


@st.composite
def comm_conditions(draw: st.DrawFn, known: Vocabulary) -> Condition:
    """A name that is there, or a piece of one with stars; a flag cannot hold every name."""
    writable = [comm for comm in known.comms if comm and not set(comm) & set(b",*")]
    text = draw(st.sampled_from(writable))
    first = draw(st.integers(0, len(text) - 1))
    last = draw(st.integers(first + 1, len(text)))
    whole = Pattern(text)
    piece = Pattern(text[first:last], draw(st.booleans()), draw(st.booleans()))
    return Condition(Key.COMM, draw(EQUALITY), draw(st.sampled_from([whole, whole, piece])))


@st.composite
def number_conditions(draw: st.DrawFn, key: Key, values: tuple[int, ...]) -> Condition:
    value = draw(st.sampled_from(values)) + draw(st.sampled_from([0, 0, 0, 1, -1]))
    value = min(max(value, 0), 2**32 - 1)
    never = {0: Op.LT, 2**32 - 1: Op.GT}.get(value)
    op = draw(st.sampled_from([op for op in (Op.EQ, *Op) if op is not never]))
    return Condition(key, op, value)


def binary_conditions(known: Vocabulary) -> st.SearchStrategy[Condition]:
    paths = st.sampled_from(known.binaries).map(Binary)
    return st.builds(Condition, st.just(Key.BINARY), EQUALITY, paths)


Strategy: TypeAlias = Callable[[Vocabulary], st.SearchStrategy[Condition]]

KINDS: Mapping[Key, Strategy] = {
    Key.COMM: comm_conditions,
    Key.UID: lambda known: number_conditions(Key.UID, known.uids),
    Key.PID: lambda _: number_conditions(Key.PID, PIDS),
    Key.BINARY: binary_conditions,
}
"""The kinds of filter that live runs draw; a new one is a new row."""


@st.composite
def filters(draw: st.DrawFn, known: Vocabulary) -> frozenset[Condition]:
    """Several conditions of few kinds: of many kinds, hardly any process meets all."""
    found: frozenset[Condition] = frozenset()
    for key in draw(st.sets(st.sampled_from(sorted(KINDS)), max_size=2)):
        found |= draw(st.frozensets(KINDS[key](known), min_size=1, max_size=3))
    return found


@st.composite
def scope_sets(draw: st.DrawFn, known: Vocabulary) -> tuple[Scope, ...]:
    """1 to 64 scopes; large sets repeat a few kinds of scopes, which keeps examples small."""
    events = st.frozensets(st.sampled_from(EVENTS), min_size=1) | st.just(frozenset(EVENTS))
    kinds = draw(st.lists(st.tuples(events, filters(known)), min_size=1, max_size=8))
    few = st.sets(st.integers(1, MAX_SCOPES), min_size=1, max_size=8)
    taken = draw(few | few | st.just(set(range(1, MAX_SCOPES + 1))))
    return tuple(
        Scope(number, *kinds[place % len(kinds)]) for place, number in enumerate(sorted(taken))
    )


@st.composite
def batches(draw: st.DrawFn, directory: str, count: int) -> tuple[Image, tuple[Scope, ...]]:
    """Some plans for one start of the tracer, and the scopes that it is given."""
    root = root_of(draw(st.lists(plans, min_size=count, max_size=count)))
    return root, draw(scope_sets(vocabulary_of(root, directory)))
