# SPDX-License-Identifier: Apache-2.0
"""Generated vectors, each of which exercises an item that no earlier one does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Final

from ...filters.format import format_scopes
from ...model.match import matched_scopes
from ...model.scope import Scope
from ...strings import bytes_of
from ..generators.facts import FactGenerator
from ..generators.journals import JournalGenerator
from ..generators.scopes import ScopeGenerator
from ..protocol.encoding import Data, bytes_data, mask_data
from ..protocol.facts import event_data
from ..protocol.scopes import scopes_data
from ..protocol.vector import Vector
from ..reference.replay import run_journal
from .features import features_of
from .hand_traces import before_data
from .minimise import Decision, Trace, minimised, smaller_decisions, smaller_traces
from .novelty import Item, items, matched, trace_items

GENERATOR: Final = 1
"""Version of the generator: the same version and seed give the same vectors."""

STEPS: Final = 14
"""Steps of a journal before it is minimised."""

RULES: Final = {
    "comm": 8, "uts": 8, "uid": 9, "pid": 9, "mntns": 9, "pidns": 9, "binary": 10,
    "container": 11, "in_container": 11, "tree": 12,
}  # fmt: skip
"""Filter -> its rule; filters on fields belong to rule 7."""


def generated_decisions(seed: int) -> Iterator[Vector]:
    """Yield decision vectors without end."""
    random, seen = Random(seed), set[Item]()
    kept = Counter[bool]()
    while True:
        scopes = ScopeGenerator(random).scopes()
        decision = scopes, FactGenerator(random, scopes).event()
        wanted = kept[True] <= kept[False]  # as many with a match as without
        new = [item for item in items(*decision) - seen if matched(item) == wanted]
        if new:
            target = random.choice(sorted(new, key=repr))
            small = minimised(decision, smaller_decisions, partial(exercises, target))
            seen |= items(*small)
            kept[wanted] += 1
            yield decision_vector(f"decision-generated-{kept.total():04}", small, target)


def exercises(item: Item, decision: Decision) -> bool:
    """Whether a decision exercises an item."""
    return item in items(*decision)


def decision_vector(name: str, decision: Decision, item: Item) -> Vector:
    """Return the vector of a decision."""
    scopes, event = decision
    question = question_of(scopes) | {"event": event_data(event)}
    expect = mask_data(matched_scopes(scopes, event))
    features = features_of(question, expect)
    return Vector(name, "decision", rule_of(item), features, question, expect)


def question_of(scopes: tuple[Scope, ...]) -> dict[str, Data]:
    """Return the JSON data of scopes and of their flags."""
    flags = [bytes_data(bytes_of(flag)) for flag in format_scopes(scopes)]
    return {"flags": flags, "scopes": scopes_data(scopes)}


def rule_of(item: Item) -> int:
    """Return the rule that an item exercises."""
    kind, what, *_ = item
    if kind == "scope":
        _selected, followed, tracer = what
        return 14 if tracer else 13 if followed else 3
    if kind == "scopes":
        return 3
    if kind == "two":
        first, second = (label for label, *_ in what)
        return 4 if first == second else 3
    rule = RULES.get(what[0], 7)
    return 18 if what[3] == ("unread",) else rule


def generated_traces(seed: int) -> Iterator[Vector]:
    """Yield trace vectors without end."""
    random, seen, kept = Random(seed), set[Item](), Counter[bool]()
    while True:
        journals = JournalGenerator(random, before_data())
        scopes = journals.scopes_with_follow()
        trace = scopes, journals.generate(scopes, STEPS)
        wanted = kept[True] <= kept[False]
        new = [item for item in trace_items(trace) - seen if matched(item) == wanted]
        if new:
            target = random.choice(sorted(new, key=repr))
            small = minimised(trace, smaller_traces, partial(trace_exercises, target))
            seen |= trace_items(small)
            kept[wanted] += 1
            yield trace_vector(f"trace-generated-{kept.total():03}", small, target)


def trace_exercises(item: Item, trace: Trace) -> bool:
    """Whether a trace exercises an item."""
    return item in trace_items(trace)


def trace_vector(name: str, trace: Trace, item: Item) -> Vector:
    """Return the vector of a journal."""
    scopes, journal = trace
    question = question_of(scopes) | {"before": before_data(), "journal": journal}
    expect = {"events": run_journal(scopes, question["before"], journal).printed}
    rule = 13 if "follow" in item else 17
    return Vector(name, "trace", rule, features_of(question, expect), question, expect)
