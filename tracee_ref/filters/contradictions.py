# SPDX-License-Identifier: Apache-2.0
"""Contradictions between filters of a scope, by the model's predicates.

For the filters on one fact, ``witnesses`` returns values of which one satisfies them if any value
does; where that is not known (the symbolic forms of numbers), the filters pass.  ``tree``, and
filters on different facts, can contradict each other in more ways than are looked for here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from ..decode.argument_text import argument_formatter
from ..events.argument_types import shape_of
from ..events.catalogue import EventDefinition
from ..events.shapes import Shape
from ..model.facts import Container, FieldValue, Process
from ..model.filters import (
    COMM_BYTES,
    Binary,
    Condition,
    Conditions,
    ContainerId,
    EventField,
    Key,
    New,
    Op,
    Part,
    Pattern,
)
from ..model.predicates import conjunction, field_predicate, grouped, process_predicate
from ..model.scope import Scope
from ..tables.containers import ID_DIGITS, PREFIX
from .fields import NUMBER_FIELDS
from .format import format_filter
from .values import S64_MAX, S64_MIN, U32_MAX, U64_MAX

Domain = tuple[int, int]
"""The lowest and the highest number of a fact."""

U32: Final = (0, U32_MAX)
U64: Final = (0, U64_MAX)
PIDS: Final = (0, 1 << 22)
"""PID_MAX_LIMIT (linux/threads.h)."""

TIMES: Final = ("timestamp", "cgroupId")
"""Numbers of the context that have 64 bits."""

NAMES: Final = ("processName", "hostName")
IDS: Final = ("containerId", "container_id")

DOMAINS: Final[Mapping[Key, Domain]] = {
    Key.UID: U32, Key.PID: PIDS, Key.TREE: (1, PIDS[1]), Key.MNTNS: U32, Key.PIDNS: U32,
}  # fmt: skip
SHAPE_DOMAINS: Final[Mapping[Shape, Domain]] = {
    Shape.INT32: (-(1 << 31), (1 << 31) - 1),
    Shape.UINT32: U32,
    Shape.UINT16: (0, (1 << 16) - 1),
    Shape.INT64: (S64_MIN, S64_MAX),
    Shape.UINT64: U64,
    Shape.POINTER: U64,
}

NUMBER: Final = re.compile(rb"-?[0-9]{1,24}")

MAX_WORK: Final = 1_000_000
"""Limit of values times filters; more are not looked at."""

QUOTED_CHARACTERS: Final = 120


def contradictions(scopes: Iterable[Scope], events: Mapping[str, EventDefinition]) -> Iterator[str]:
    """Yield a sentence for each fact whose filters in a scope can never hold together."""
    for scope in scopes:
        for key, conditions in sorted(_groups(scope).items(), key=repr):
            if _contradict(key, conditions, events):
                subject = f"no {key.event}" if isinstance(key, EventField) else "nothing"
                yield f"scope {scope.number} matches {subject}: {_listed(conditions)}"


def _groups(scope: Scope) -> dict[Key | EventField, Conditions]:
    """Return the conditions by fact; both keys of containers are about one fact."""
    pairs = (
        (Key.CONTAINER if condition.key is Key.IN_CONTAINER else condition.key, condition)
        for condition in sorted(scope.conditions, key=repr)
    )
    return grouped(pairs)


def _contradict(
    key: Key | EventField, conditions: Conditions, events: Mapping[str, EventDefinition]
) -> bool:
    """Return whether no value satisfies the conditions; False if that is not known."""
    if isinstance(key, EventField):
        facts = _field_values(key, conditions, events.get(key.event))
        return facts is not None and not _any(facts, conditions, field_predicate)
    processes = _processes(key, conditions)
    return not _any(processes, conditions, process_predicate)


def _any(
    facts: Collection[Any],
    conditions: Conditions,
    compile_: Callable[[Condition], Callable[[Any], bool]],
) -> bool:
    """Return whether any of the facts satisfies the conditions, or there are too many of both."""
    if len(facts) * len(conditions) > MAX_WORK:
        return True
    tests = conjunction(conditions, compile_)
    return any(all(test(fact) for test in tests) for fact in facts)


def _processes(key: Key, conditions: Conditions) -> list[Process]:
    """Return processes of which one satisfies the conditions if any does."""
    if key is Key.COMM:
        return [Process(comm=text) for text in _texts(conditions, COMM_BYTES)]
    if key is Key.UTS:
        return [Process(uts=text) for text in _texts(conditions, COMM_BYTES)]
    if key is Key.BINARY:
        return [Process(binary=binary) for binary in _binaries(conditions)]
    if key is Key.CONTAINER:
        return [Process(container=container) for container in _containers(conditions)]
    numbers = _numbers(_integers(conditions), DOMAINS[key])
    if key is Key.PID:
        return [*_pids(numbers, conditions)]
    if key is Key.TREE:
        return [Process(ancestry=frozenset({number})) for number in numbers]
    facts: list[dict[str, Any]] = [{key.value: number} for number in numbers]
    return [Process(**fact) for fact in facts]


def _pids(numbers: Sequence[int], conditions: Conditions) -> Iterator[Process]:
    """Yield processes: all ids with themselves as thread, and one allowed id with all threads."""
    tests = [process_predicate(c) for c in conditions if c.op is not Op.EQ]
    for new in (False, True):
        first = None
        for pid in numbers:
            process = Process(pid=pid, tid=pid, new=new)
            if first is None and all(test(process) for test in tests):
                first = pid
            yield process
        if first is not None:
            yield from (Process(pid=first, tid=tid, new=new) for tid in numbers)


def _integers(conditions: Conditions) -> set[int]:
    return {c.value for c in conditions if isinstance(c.value, int)}


def _numbers(named: Collection[int], domain: Domain) -> list[int]:
    """Return numbers of a domain: those that are named, their neighbours, and the ends."""
    around = {number + step for number in named for step in (-1, 0, 1)}
    return [n for n in sorted({*around, *domain}) if domain[0] <= n <= domain[1]]


def _patterns(conditions: Conditions, op: Op | None = None) -> list[Pattern]:
    return [c.value for c in conditions if isinstance(c.value, Pattern) and op in (None, c.op)]


def _texts(conditions: Conditions, limit: int | None = None) -> list[bytes]:
    """Return strings of at most `limit` bytes: those that match each ``=``, or match no pattern.

    A byte that no pattern has fills where a pattern has ``*``.  If it is excluded there, every
    string that the pattern matches is excluded.
    """
    used = {byte for pattern in _patterns(conditions) for byte in pattern.text}
    unused = next((bytes([byte]) for byte in range(1, 256) if byte not in used), b"")
    equal = _patterns(conditions, Op.EQ) or [Pattern(unused)]
    texts = chain.from_iterable(_matching(pattern, unused) for pattern in equal)
    return [text for text in texts if limit is None or len(text) <= limit]


def _matching(pattern: Pattern, fill: bytes) -> Iterator[bytes]:
    before = fill if pattern.open_start else b""
    after = fill if pattern.open_end else b""
    yield from {pattern.text, before + pattern.text, pattern.text + after}
    yield before + pattern.text + after


def _binaries(conditions: Conditions) -> list[Binary | None]:
    values = [c.value for c in conditions if isinstance(c.value, Binary)]
    other = 1 + max((b.mntns for b in values if isinstance(b.mntns, int)), default=0)
    return [None, *(Binary(b.path, b.mntns or other) for b in values)]


def _containers(conditions: Conditions) -> list[Container | None]:
    """Return no container, and old and new ones with an id for each prefix that is allowed."""
    ids = [(c.op, c.value.prefix) for c in conditions if isinstance(c.value, ContainerId)]
    excluded = [prefix for op, prefix in ids if op is Op.NE]
    wanted = [prefix for op, prefix in ids if op is Op.EQ] or [""]
    if any(isinstance(c.value, New) and c.op is Op.EQ for c in conditions):
        wanted.append("")
    found = [id_ for prefix in wanted if (id_ := _id(prefix, excluded)) is not None]
    return [None, *(Container(id_, new) for id_ in found for new in (False, True))]


def _id(prefix: str, excluded: Sequence[str]) -> str | None:
    """Return an id that starts with a prefix and with none of those that are excluded."""
    if any(prefix.startswith(other) for other in excluded):
        return None
    longer = [other for other in excluded if other.startswith(prefix)]
    if not longer:
        return prefix.ljust(ID_DIGITS, "0")
    found = (_id(prefix + digit, longer) for digit in "0123456789abcdef")
    return next((id_ for id_ in found if id_ is not None), None)


def _field_values(
    key: EventField, conditions: Conditions, event: EventDefinition | None
) -> list[FieldValue] | None:
    """Return values of a field of which one satisfies the conditions if any does; None: unknown."""
    if any(isinstance(c.value, bool) for c in conditions):
        return [FieldValue(True, b"true"), FieldValue(False, b"false")]
    domain = _domain(key, event)
    if domain is None:
        if not all(isinstance(c.value, Pattern) for c in conditions):
            return None
        equal = _patterns(conditions, Op.EQ)
        if key.name in IDS and equal and not any(map(_is_id, equal)):
            return []
        return _values(_texts(conditions, COMM_BYTES if key.name in NAMES else None))
    return _number_values(key, conditions, event, domain)


def _is_id(pattern: Pattern) -> bool:
    """Return whether the id of a container can match a pattern."""
    text = pattern.text.decode(errors="replace")
    length = ID_DIGITS if pattern.exact else len(text)
    return len(text) == length and bool(PREFIX.fullmatch(text))


def _domain(key: EventField, event: EventDefinition | None) -> Domain | None:
    """Return the domain of a field that is a number, None for any other field."""
    if key.part is Part.RETVAL:
        return S64_MIN, S64_MAX
    if key.part is Part.CONTEXT:
        return (U64 if key.name in TIMES else U32) if key.name in NUMBER_FIELDS else None
    arguments = {argument.name: argument for argument in event.args} if event else {}
    argument = arguments.get(key.name)
    return SHAPE_DOMAINS.get(shape_of(key.event, argument)) if argument else None


def _number_values(
    key: EventField, conditions: Conditions, event: EventDefinition | None, domain: Domain
) -> list[FieldValue] | None:
    """Return numbers with their symbolic forms, or such forms alone; None if it is not known."""
    arguments = {argument.name: argument for argument in event.args} if event else {}
    printer = argument_formatter(key.event, arguments[key.name]) if key.name in arguments else None
    patterns = _patterns(conditions)
    forms = [p for p in _patterns(conditions, Op.EQ) if not (p.exact and NUMBER.fullmatch(p.text))]
    if forms and printer is None and all(pattern.exact for pattern in forms):
        forms = []  # a number has no such form
    if forms:
        ordered = len(patterns) < len(conditions)
        return None if ordered or printer is None else _values(_texts(conditions))
    decimal = {int(p.text) for p in patterns if p.exact and NUMBER.fullmatch(p.text)}
    numbers = _numbers(decimal | _integers(conditions), domain)
    return [FieldValue(n, (printer(n) if printer else str(n)).encode()) for n in numbers]


def _values(texts: Iterable[bytes]) -> list[FieldValue]:
    return [FieldValue(text, text) for text in texts]


def _listed(conditions: Conditions) -> str:
    """Say that conditions never hold, with their flags (the first of many)."""
    flags = []
    for condition in conditions:
        try:
            flags.append(format_filter([condition]))
        except ValueError:
            flags.append(repr(condition.value))
    text = " and ".join(flags)
    listed = text if len(text) <= QUOTED_CHARACTERS else f"{text[:QUOTED_CHARACTERS]}..."
    return f"{listed} never {'hold together' if flags[1:] else 'holds'}"
