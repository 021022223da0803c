"""Why a scope matches an event or does not: the model's decision, filter by filter.

The verdicts are the model's own (``model.match``, ``model.tests_of``); this page only puts words
to them.  An event may be given as several possibilities, where not every fact of it is known:
what all of them agree on is decided, the rest is undecidable, and ``needs`` says what for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import fsdecode
from typing import Final

from model.facts import Event, Process, Shown
from model.filters import Condition, Conditions, EventField, Key, Op
from model.match import matches
from model.scope import Scope
from model.tests_of import field_test, grouped, joined, process_test

from ...filters.spelling import format_filter
from ...output.visible import visible

RULES: Final[Mapping[Key, int]] = {
    Key.COMM: 8, Key.UTS: 8, Key.UID: 9, Key.PID: 9, Key.MNTNS: 9, Key.PIDNS: 9, Key.BINARY: 10,
    Key.CONTAINER: 11, Key.IN_CONTAINER: 11, Key.TREE: 12,
}  # fmt: skip
"""The rules of the semantics page that the filters on processes are of."""

SELECTION, FIELD, FOLLOW, TRACER, UNREAD = 5, 7, 13, 14, 18
WORDS: Final = {True: "yes", False: "no ", None: "?  "}


@dataclass(frozen=True, slots=True)
class Reason:
    """One filter, the fact that it looked at, and whether it holds; None is undecidable.

    ``counts`` is False for a filter that was not asked, as those of a followed process.
    """

    rule: int
    filter: str
    fact: str
    holds: bool | None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of one scope, and why; ``matches`` None is undecidable."""

    scope: int
    matches: bool | None
    reasons: tuple[Reason, ...]

    def lines(self) -> Iterator[str]:
        """Give the explanation as lines of text."""
        verdict = {True: "matches", False: "does not match", None: "undecidable"}[self.matches]
        yield f"scope {self.scope}: {verdict}"
        for one in self.reasons:
            word = WORDS[one.holds] if one.counts or one.holds is None else "-  "
            yield f"  {word} {one.filter}: {one.fact} (rule {one.rule})"


def explain(
    scopes: Iterable[Scope], events: Sequence[Event], needs: Mapping[str, str] | None = None
) -> list[Explanation]:
    """Explain each scope; ``events`` are the possibilities, one where everything is known.

    ``needs`` maps a kind of fact (``Key.value``, ``follow``, the name of a field) to what
    would make it known.
    """
    return [_scope(scope, events, needs or {}) for scope in scopes]


def agreed(answers: Iterable[bool]) -> bool | None:
    """Return what all possibilities agree on, None where they do not."""
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
            True: "the process is followed, so filters on processes are not asked",
            False: "the process is not followed, so filters on processes decide",
            None: needs.get("follow", "whether the process is followed is not known"),
        }
        yield Reason(FOLLOW, "follow", facts[holds], holds, counts=False)
    elif holds:  # only a vector can say so, as it gives the fact and not what led to it
        fact = "its filters on the process are not asked"
        yield Reason(FOLLOW, "followed", fact, holds, counts=False)


def _followed(scope: Scope, events: Sequence[Event]) -> bool | None:
    return agreed(bool(event.process.followed & scope.bit) for event in events)


def _process(scope: Scope, events: Sequence[Event], needs: Mapping[str, str]) -> Iterator[Reason]:
    asked = _followed(scope, events) is not True
    for key in Key:
        for group in _groups(scope.process.get(key, ())):
            tests = joined(group, process_test)
            holds = agreed(all(test(one.process) for test in tests) for one in events)
            fact = fact_of(key, events[0].process) if holds is not None else needs.get(key.value)
            yield Reason(RULES[key], spelled(group), fact or "not known", holds, asked)


def _groups(conditions: Conditions) -> Iterator[Conditions]:
    """Rule 4: the ``=`` values of a key together, every other condition by itself."""
    equal = tuple(one for one in conditions if one.op is Op.EQ)
    if equal:
        yield equal
    yield from ((one,) for one in conditions if one.op is not Op.EQ)


def _fields(scope: Scope, events: Sequence[Event], needs: Mapping[str, str]) -> Iterator[Reason]:
    keys = ((one.key, one) for one in scope.conditions if isinstance(one.key, EventField))
    for key, conditions in sorted(grouped(keys).items(), key=lambda item: repr(item[0])):
        if key.event == events[0].name:
            for group in _groups(conditions):
                yield _field(key, group, events, needs)


def _field(
    key: EventField, group: Conditions, events: Sequence[Event], needs: Mapping[str, str]
) -> Reason:
    place = (key.part.value, key.name)
    tests = joined(group, field_test)
    shown = [event.fields.get(place) for event in events]
    holds = agreed(one is not None and all(test(one) for test in tests) for one in shown)
    if holds is None:
        return Reason(FIELD, spelled(group), needs.get(".".join(place), "not known"), None)
    rule = FIELD if shown[0] is not None else UNREAD
    return Reason(rule, spelled(group), field_fact(shown[0]), holds)


def spelled(group: Sequence[Condition]) -> str:
    """Return the flag that stands for conditions, or the values where no flag can hold them."""
    ordered = sorted(group, key=repr)
    try:
        return format_filter(ordered)
    except ValueError:
        return " ".join(f"{one.op.value}{one.value!r}" for one in ordered)


LISTED: Final = 8
"""Process ids of a descent that are shown; the others are counted."""


def text(value: bytes) -> str:
    """Return a name or path for a terminal."""
    return visible(fsdecode(value)) or "empty"


def fact_of(key: Key, process: Process) -> str:
    """Return the fact that a filter on processes looks at."""
    return FACTS[key](process)


def field_fact(shown: Shown | None) -> str:
    """Return the value of a field; rule 18 for one that is not there."""
    if shown is None:
        return "not there, or not readable, so nothing holds of it"
    raw = text(shown.raw) if isinstance(shown.raw, bytes) else str(shown.raw)
    printed = text(shown.printed)
    return f"the value is {raw}" if raw == printed else f"the value is {raw}, printed {printed}"


def _pid(process: Process) -> str:
    age = "began after tracing did" if process.new else "is older than the tracing"
    return f"the process is {process.pid}, the thread {process.tid}; it {age}"


def _binary(process: Process) -> str:
    binary = process.binary
    if binary is None:
        return "the program is not known"
    return f"the program is {text(binary.path)} in mount namespace {binary.mntns or 'unknown'}"


def _container(process: Process) -> str:
    container = process.container
    if container is None:
        return "the process is in no container"
    age = "started after tracing began" if container.new else "older than the tracing"
    return f"the container is {visible(container.id)}, {age}"


def _tree(process: Process) -> str:
    pids = sorted(process.ancestry)
    more = f" and {len(pids) - LISTED} more" if len(pids) > LISTED else ""
    listed = " ".join(map(str, pids[-LISTED:])) or "none that is known"
    return f"process {process.pid} and those it descends from: {listed}{more}"


FACTS: Final[Mapping[Key, Callable[[Process], str]]] = {
    Key.COMM: lambda process: f"the thread is named {text(process.comm)}",
    Key.UTS: lambda process: f"the host name is {text(process.uts)}",
    Key.UID: lambda process: f"the uid is {process.uid}",
    Key.PID: _pid,
    Key.MNTNS: lambda process: f"the mount namespace is {process.mntns}",
    Key.PIDNS: lambda process: f"the pid namespace is {process.pidns}",
    Key.BINARY: _binary,
    Key.CONTAINER: _container,
    Key.IN_CONTAINER: _container,
    Key.TREE: _tree,
}
