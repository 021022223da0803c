# SPDX-License-Identifier: Apache-2.0
"""Items that a decision or a trace exercises, to select generated vectors.

An item is a comparison, or two in one scope, with its result: operator, form of the value,
relation of the fact to the value, and whether the scope matched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, TypeAlias

from ...model.facts import Event, FieldValue, Process
from ...model.filters import Binary, Condition, ContainerId, EventField, Key, Op, Pattern
from ...model.match import matches
from ...model.scope import Scope
from ..protocol.encoding import Data
from ..reference.replay import run_journal
from .hand_traces import before_data
from .minimise import Trace

Item: TypeAlias = tuple[Any, ...]


def items(scopes: Sequence[Scope], event: Event) -> set[Item]:
    """Return the items of a decision; the last element of an item is its verdict."""
    alone = {item for scope in scopes for item in scope_items(scope, event)}
    selecting = [scope for scope in scopes if event.name in scope.events]
    return alone | {pair_item(pair, event) for pair in combinations(selecting, 2)}


def matched(item: Item) -> bool:
    """Whether a scope matched in an item."""
    verdict: bool = item[-1]
    return verdict


def scope_items(scope: Scope, event: Event) -> Iterator[Item]:
    """Yield the items of one scope; its comparisons count only if it selects the event."""
    process, verdict = event.process, matches(scope, event)
    followed = process.followed & scope.bit != 0
    yield ("scope", (event.name in scope.events, followed, process.tracer), verdict)
    if event.name in scope.events and not process.tracer:
        atoms = sorted({atom(condition, event) for condition in scope.conditions}, key=repr)
        yield from (("one", atom_, followed, verdict) for atom_ in atoms)
        yield from (("two", pair, verdict) for pair in combinations(atoms, 2))


def pair_item(pair: tuple[Scope, Scope], event: Event) -> Item:
    """Return the item of two scopes: the keys that each compares, and whether it matches."""
    scopes = sorted((keys_of(scope), matches(scope, event)) for scope in pair)
    return ("scopes", tuple(scopes), any(verdict for _keys, verdict in scopes))


def keys_of(scope: Scope) -> tuple[str, ...]:
    """Return the names of the keys that a scope compares."""
    keys = {condition.key for condition in scope.conditions}
    return tuple(
        sorted(key.part.value if isinstance(key, EventField) else key.value for key in keys)
    )


def atom(condition: Condition, event: Event) -> Item:
    """Return one comparison: key, operator, form of the value, relation of the fact to it."""
    key, value = condition.key, condition.value
    label = f"{key.part.value}.{key.name}" if isinstance(key, EventField) else key.value
    relation = field_relation(condition, event) if isinstance(key, EventField) else ()
    if isinstance(key, Key):
        relation = process_relation(condition, event.process)
    return label, condition.op.value, form(value), relation


def form(value: Any) -> str:
    """Return the form of a value."""
    if isinstance(value, Pattern):
        return f"text{value.open_start:d}{value.open_end:d}"
    if isinstance(value, Binary):
        return "path" if value.mntns is None else "path in namespace"
    return "id" if isinstance(value, ContainerId) else type(value).__name__


def field_relation(condition: Condition, event: Event) -> Item:
    """Return the relation of a field to a value."""
    key = condition.key
    assert isinstance(key, EventField)
    if event.name != key.event:
        return ("other event",)
    shown = event.fields.get((key.part.value, key.name))
    return ("unread",) if shown is None else shown_relation(condition, shown)


def shown_relation(condition: Condition, shown: FieldValue) -> Item:
    """Return the relation of the raw and printed form of a field to a value."""
    value = condition.value
    if isinstance(value, Pattern):
        raw = shown.raw if isinstance(shown.raw, bytes) else b"%d" % shown.raw
        return text_relation(value, raw), text_relation(value, shown.printed)
    if isinstance(value, bool) or not isinstance(shown.raw, int) or not isinstance(value, int):
        return (shown.raw == value,)
    return (distance(shown.raw, value),)


def text_relation(pattern: Pattern, text: bytes) -> str:
    """Return where a string contains the text of a pattern: start, end, inside."""
    found = pattern.text
    if text == found:
        return "equal"
    found_at = (text.startswith(found), text.endswith(found), found in text)
    return "".join("sei"[index] for index in range(3) if found_at[index])


def distance(fact: int, value: int) -> int:
    """Return the difference of two numbers, limited to -2..2."""
    return max(min(fact - value, 2), -2)


def process_relation(condition: Condition, process: Process) -> Item:
    """Return the relation of the facts of a process to a value."""
    key, value = condition.key, condition.value
    if isinstance(value, Pattern):
        return (text_relation(value, process.comm if key is Key.COMM else process.uts),)
    if key is Key.BINARY:
        binary = process.binary
        return (binary and (binary.path == value.path, binary.mntns == value.mntns),)  # type: ignore[union-attr]
    if key in (Key.CONTAINER, Key.IN_CONTAINER):
        container = process.container
        prefix = value.prefix if isinstance(value, ContainerId) else ""
        return (container and (container.new, container.id.startswith(prefix)),)
    if key is Key.TREE:
        return (value in process.ancestry, len(process.ancestry) > 1)
    return number_relation(condition, process)


def number_relation(condition: Condition, process: Process) -> Item:
    """Return the relation of a number to a value; for ``pid``, of both ids, or ``new``."""
    key, value = condition.key, condition.value
    if not isinstance(value, int):
        return (process.new,)
    if key is not Key.PID:
        fact = {Key.UID: process.uid, Key.MNTNS: process.mntns, Key.PIDNS: process.pidns}
        assert isinstance(key, Key)
        return (distance(fact[key], value),)
    exact = condition.op in (Op.EQ, Op.NE)
    return distance(process.pid, value), process.tid == value if exact else process.tid > value


def trace_items(trace: Trace) -> set[Item]:
    """Return the items of a trace; none if its journal cannot happen."""
    scopes, journal = trace
    try:
        events = run_journal(scopes, before_data(), journal).events
    except ValueError:
        return set()
    return {item for scope in scopes for item in step_items(scope, events, journal)}


def step_items(
    scope: Scope, events: Sequence[tuple[int, Event]], journal: Sequence[Data]
) -> Iterator[Item]:
    """Yield the changes of a scope's verdict on a task, and matches because it is followed."""
    selected = [step for step in events if step[1].name in scope.events]
    for index, (number, event) in enumerate(selected):
        tid = event.process.tid
        before = [pair for pair in selected[:index] if pair[1].process.tid in forkers(tid, journal)]
        if not before or event.process.tracer:
            continue
        earlier_number, earlier = before[-1]
        steps = journal[earlier_number : number + 1]
        between = tuple(step["do"] for step in steps if step["tid"] == tid)
        verdicts = matches(scope, earlier), matches(scope, event)
        word = "follow" if event.process.followed & scope.bit else "plain"
        facts = (event.process.new, tid != event.process.pid, tid == earlier.process.tid)
        if verdicts[0] != verdicts[1] or (verdicts[1] and word == "follow"):
            yield (word, event.name, keys_of(scope), facts, between[-3:], *verdicts)


def forkers(tid: int, journal: Sequence[Data]) -> set[int]:
    """Return a task and the one that forked it."""
    return {tid} | {step["tid"] for step in journal if step.get("child_tid") == tid}
