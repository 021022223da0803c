# SPDX-License-Identifier: Apache-2.0
"""Explanation of the model's decision on an event, filter by filter.

The decisions come from ``model.match``; this module only words them.  If some facts of an event
are unresolved, it is given as a list of possible events: a result that is the same for all of
them is certain, any other is undecidable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...filters.format import format_filter
from ...model.facts import Event, FieldValue, Process
from ...model.filters import Condition, Conditions, EventField, Key, Op
from ...model.match import matches
from ...model.predicates import conjunction, field_predicate, grouped, process_predicate
from ...model.scope import Scope
from ...strings import text_of, visible

RULES: Final[Mapping[Key, int]] = {
    Key.COMM: 8, Key.UTS: 8, Key.UID: 9, Key.PID: 9, Key.MNTNS: 9, Key.PIDNS: 9, Key.BINARY: 10,
    Key.CONTAINER: 11, Key.IN_CONTAINER: 11, Key.TREE: 12,
}  # fmt: skip
"""Filter on processes -> its rule in docs/reference/semantics.md."""

SELECTION, FIELD, FOLLOW, TRACER, UNREAD = 5, 7, 13, 14, 18
RESULT_WORDS: Final = {True: "yes", False: "no ", None: "?  "}


@dataclass(frozen=True, slots=True)
class Reason:
    """A filter, the fact that it compares, and whether it holds (None: undecidable).

    ``counts`` is False for a filter that is not applied, such as those of a followed process.
    """

    rule: int
    filter: str
    fact: str
    holds: bool | None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a scope matches (None: undecidable), and the reasons."""

    scope: int
    matches: bool | None
    reasons: tuple[Reason, ...]

    def lines(self) -> Iterator[str]:
        """Yield the explanation as lines of text."""
        verdict = {True: "matches", False: "does not match", None: "undecidable"}[self.matches]
        yield f"scope {self.scope}: {verdict}"
        for reason in self.reasons:
            word = RESULT_WORDS[reason.holds] if reason.counts or reason.holds is None else "-  "
            yield f"  {word} {reason.filter}: {reason.fact} (rule {reason.rule})"


def explain(
    scopes: Iterable[Scope], events: Sequence[Event], needs: Mapping[str, str] | None = None
) -> list[Explanation]:
    """Explain the decision of each scope on the possible `events`.

    `needs` maps an unresolved fact (``Key.value``, ``follow``, the name of a field) to a phrase
    on what would resolve it.
    """
    return [_scope(scope, events, needs or {}) for scope in scopes]


def agreed(answers: Iterable[bool]) -> bool | None:
    """Return the common value of `answers`, None if they differ."""
    found = {*answers}
    return found.pop() if len(found) == 1 else None


def _scope(scope: Scope, events: Sequence[Event], needs: Mapping[str, str]) -> Explanation:
    verdict = agreed(_matches(scope, event) for event in events)
    reasons = (
        *_selection(scope, events[0]),
        *_tracer(events[0]),
        *_follow(scope, events, needs),
        *_process(scope, events, needs),
        *_fields(scope, events, needs),
    )
    return Explanation(scope.number, verdict, reasons)


def _matches(scope: Scope, event: Event) -> bool:
    return not event.process.tracer and matches(scope, event)


def _selection(scope: Scope, event: Event) -> Iterator[Reason]:
    selected = event.name in scope.events
    fact = "selected" if selected else "not selected"
    yield Reason(SELECTION, f"event {event.name}", fact, selected)


def _tracer(event: Event) -> Iterator[Reason]:
    if event.process.tracer:
        yield Reason(TRACER, "not the tracer", "the process is the tracer's own", False)


def _follow(scope: Scope, events: Sequence[Event], needs: Mapping[str, str]) -> Iterator[Reason]:
    holds = _followed(scope, events)
    if scope.follow:
        facts = {
            True: "the process is followed, so its process filters are not applied",
            False: "the process is not followed, so its process filters are applied",
            None: needs.get("follow", "it is unknown whether the process is followed"),
        }
        yield Reason(FOLLOW, "follow", facts[holds], holds, counts=False)
    elif holds:  # in a vector, which gives the fact without its cause
        fact = "the process filters are not applied"
        yield Reason(FOLLOW, "followed", fact, holds, counts=False)


def _followed(scope: Scope, events: Sequence[Event]) -> bool | None:
    return agreed(bool(event.process.followed & scope.bit) for event in events)


def _process(scope: Scope, events: Sequence[Event], needs: Mapping[str, str]) -> Iterator[Reason]:
    applied = _followed(scope, events) is not True
    for key in Key:
        for group in _groups(scope.process.get(key, ())):
            tests = conjunction(group, process_predicate)
            holds = agreed(all(test(event.process) for test in tests) for event in events)
            fact = fact_of(key, events[0].process) if holds is not None else needs.get(key.value)
            yield Reason(RULES[key], spelled(group), fact or "unknown", holds, applied)


def _groups(conditions: Conditions) -> Iterator[Conditions]:
    """Yield the ``=`` conditions of a key together, each other one by itself (rule 4)."""
    equal = tuple(condition for condition in conditions if condition.op is Op.EQ)
    if equal:
        yield equal
    yield from ((condition,) for condition in conditions if condition.op is not Op.EQ)


def _fields(scope: Scope, events: Sequence[Event], needs: Mapping[str, str]) -> Iterator[Reason]:
    keys = (
        (condition.key, condition)
        for condition in scope.conditions
        if isinstance(condition.key, EventField)
    )
    for key, conditions in sorted(grouped(keys).items(), key=lambda item: repr(item[0])):
        if key.event == events[0].name:
            for group in _groups(conditions):
                yield _field(key, group, events, needs)


def _field(
    key: EventField, group: Conditions, events: Sequence[Event], needs: Mapping[str, str]
) -> Reason:
    field = (key.part.value, key.name)
    tests = conjunction(group, field_predicate)
    values = [event.fields.get(field) for event in events]
    holds = agreed(value is not None and all(test(value) for test in tests) for value in values)
    if holds is None:
        return Reason(FIELD, spelled(group), needs.get(".".join(field), "unknown"), None)
    rule = FIELD if values[0] is not None else UNREAD
    return Reason(rule, spelled(group), field_fact(values[0]), holds)


def spelled(group: Sequence[Condition]) -> str:
    """Return the flag of some conditions; operators and values if no flag can express them."""
    ordered = sorted(group, key=repr)
    try:
        return format_filter(ordered)
    except ValueError:
        return " ".join(f"{condition.op.value}{condition.value!r}" for condition in ordered)


LISTED_ANCESTORS: Final = 8
"""Ancestors that an explanation prints; it counts the others."""


def printable(value: bytes) -> str:
    """Return a name or path, escaped for a terminal."""
    return visible(text_of(value)) or "empty"


def fact_of(key: Key, process: Process) -> str:
    """Return the fact that a filter on processes compares, in words."""
    return FACTS[key](process)


def field_fact(value: FieldValue | None) -> str:
    """Return the value of a field in words (rule 18 if it is absent)."""
    if value is None:
        return "absent or unreadable, so no filter on it holds"
    later = f"; at the return {forms_of(value.at_return)} (rule 19)" if value.at_return else ""
    return f"the value is {forms_of(value)}{later}"


def forms_of(value: FieldValue) -> str:
    """Return a value, and its printed form if that is another."""
    raw = printable(value.raw) if isinstance(value.raw, bytes) else str(value.raw)
    printed = printable(value.printed)
    return raw if raw == printed else f"{raw}, printed {printed}"


def _pid(process: Process) -> str:
    age = "started after tracing did" if process.new else "started before tracing did"
    return f"the process is {process.pid}, the thread {process.tid}; it {age}"


def _binary(process: Process) -> str:
    binary = process.binary
    if binary is None:
        return "the executed file is unknown"
    mntns = binary.mntns or "unknown"
    return f"the executed file is {printable(binary.path)} in mount namespace {mntns}"


def _container(process: Process) -> str:
    container = process.container
    if container is None:
        return "the process is in no container"
    age = "started after tracing did" if container.new else "started before tracing did"
    return f"the container is {visible(container.id)}, {age}"


def _tree(process: Process) -> str:
    pids = sorted(process.ancestry)
    more = f" and {len(pids) - LISTED_ANCESTORS} more" if len(pids) > LISTED_ANCESTORS else ""
    listed = " ".join(map(str, pids[-LISTED_ANCESTORS:])) or "none resolved"
    return f"process {process.pid} and its ancestors: {listed}{more}"


FACTS: Final[Mapping[Key, Callable[[Process], str]]] = {
    Key.COMM: lambda process: f"the thread is named {printable(process.comm)}",
    Key.UTS: lambda process: f"the host name is {printable(process.uts)}",
    Key.UID: lambda process: f"the uid is {process.uid}",
    Key.PID: _pid,
    Key.MNTNS: lambda process: f"the mount namespace is {process.mntns}",
    Key.PIDNS: lambda process: f"the pid namespace is {process.pidns}",
    Key.BINARY: _binary,
    Key.CONTAINER: _container,
    Key.IN_CONTAINER: _container,
    Key.TREE: _tree,
}
