"""The generated part of the corpus: each vector exercises something that none before it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Final

from model.match import matched_scopes
from model.scope import Scope

from ...filters.spelling import format_scopes
from ..generators.facts import Facts
from ..generators.scopes import Draw
from ..protocol.encoding import Data, bytes_data, mask_data
from ..protocol.facts import event_data
from ..protocol.scopes import scopes_data
from ..protocol.vector import Vector
from .features import features_of
from .minimise import Decision, minimised
from .novelty import Item, items, matched

GENERATOR: Final = 1
"""Version of the generator: the same version and seed give the same vectors."""

RULES: Final = {
    "comm": 8, "uts": 8, "uid": 9, "pid": 9, "mntns": 9, "pidns": 9, "binary": 10,
    "container": 11, "in_container": 11, "tree": 12,
}  # fmt: skip
"""The rule that a comparison belongs to; filters on fields belong to rule 7."""


def generated_decisions(seed: int) -> Iterator[Vector]:
    """Return decision vectors without end."""
    random, seen = Random(seed), set[Item]()
    kept = Counter[bool]()
    while True:
        scopes = Draw(random).scopes()
        decision = scopes, Facts(random, scopes).event()
        wanted = kept[True] <= kept[False]  # as many matches as there are none of
        fresh = [one for one in items(*decision) - seen if matched(one) == wanted]
        if fresh:
            target = random.choice(sorted(fresh, key=repr))
            small = minimised(decision, partial(exercises, target))
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
    """Return scopes as data and, where flags can hold them, as flags."""
    flags = [bytes_data(flag.encode("utf-8", "surrogateescape")) for flag in format_scopes(scopes)]
    return {"flags": flags, "scopes": scopes_data(scopes)}


def rule_of(item: Item) -> int:
    """Return the rule that an item is about."""
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
