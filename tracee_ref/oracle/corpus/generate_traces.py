"""Generated journals: each one exercises something that none before it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from random import Random
from typing import Final, TypeAlias

from model.facts import Event
from model.match import matches
from model.scope import Scope

from ..generators.lives import Lives
from ..protocol.encoding import Data
from ..protocol.vector import Vector
from ..reference.replay import lead
from .features import features_of
from .generate import question_of
from .hand_traces import before_data
from .minimise import smaller_scopes
from .novelty import Item, keys_of, matched

STEPS: Final = 14
"""Steps of a journal before it is made smaller."""

Trace: TypeAlias = tuple[tuple[Scope, ...], list[Data]]


def generated_traces(seed: int) -> Iterator[Vector]:
    """Return trace vectors without end."""
    random, seen, kept = Random(seed), set[Item](), Counter[bool]()
    while True:
        lives = Lives(random)
        scopes = lives.life_scopes()
        trace = scopes, lives.live(scopes, STEPS)
        wanted = kept[True] <= kept[False]
        fresh = [one for one in items(trace) - seen if matched(one) == wanted]
        if fresh:
            target = random.choice(sorted(fresh, key=repr))
            small = minimised(trace, target)
            seen |= items(small)
            kept[wanted] += 1
            yield trace_vector(f"trace-generated-{kept.total():03}", small, target)


def trace_vector(name: str, trace: Trace, item: Item) -> Vector:
    """Return the vector of a journal."""
    scopes, journal = trace
    question = question_of(scopes) | {"before": before_data(), "journal": journal}
    expect = {"events": lead(scopes, question["before"], journal).told}
    rule = 13 if "follow" in item else 17
    return Vector(name, "trace", rule, features_of(question, expect), question, expect)


def items(trace: Trace) -> set[Item]:
    """Return what a journal exercises; nothing if it cannot happen."""
    scopes, journal = trace
    try:
        happened = lead(scopes, before_data(), journal).happened
    except ValueError:
        return set()
    return {one for scope in scopes for one in scope_items(scope, happened, journal)}


def scope_items(
    scope: Scope, happened: Sequence[tuple[int, Event]], journal: Sequence[Data]
) -> Iterator[Item]:
    """Return how the verdict on a task changed, or stayed because the scope follows it."""
    chosen = [one for one in happened if one[1].name in scope.events]
    for place, (number, event) in enumerate(chosen):
        tid = event.process.tid
        before = [pair for pair in chosen[:place] if pair[1].process.tid in line(tid, journal)]
        if not before or event.process.tracer:
            continue
        began, earlier = before[-1]
        between = tuple(one["do"] for one in journal[began : number + 1] if one["tid"] == tid)
        verdicts = matches(scope, earlier), matches(scope, event)
        word = "follow" if event.process.followed & scope.bit else "plain"
        facts = (event.process.new, tid != event.process.pid, tid == earlier.process.tid)
        if verdicts[0] != verdicts[1] or (verdicts[1] and word == "follow"):
            yield (word, event.name, keys_of(scope), facts, between[-3:], *verdicts)


def line(tid: int, journal: Sequence[Data]) -> set[int]:
    """Return a task and the one that made it."""
    return {tid} | {step["tid"] for step in journal if step.get("child_tid") == tid}


def minimised(trace: Trace, target: Item) -> Trace:
    """Return a trace of which nothing can be taken away without losing the target."""
    keeps = partial(exercises, target)
    smaller: Trace | None = trace
    while smaller is not None:
        trace = smaller
        smaller = next(filter(keeps, smaller_ones(trace)), None)
    return trace


def exercises(target: Item, trace: Trace) -> bool:
    """Whether a trace exercises an item."""
    return target in items(trace)


def smaller_ones(trace: Trace) -> Iterator[Trace]:
    """Return the traces with one thing less."""
    scopes, journal = trace
    for place in range(len(journal)):
        yield scopes, [*journal[:place], *journal[place + 1 :]]
    for place, scope in enumerate(scopes):
        before, behind = scopes[:place], scopes[place + 1 :]
        if before or behind:
            yield (*before, *behind), journal
        for one in smaller_scopes(scope):
            if one.events == scope.events:  # the same events happen, so they stay selected
                yield (*before, one, *behind), journal
