# SPDX-License-Identifier: Apache-2.0
"""Vectors of the hand-written ``grammar.txt``, and of the examples of all filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ...events.catalogue import EventDefinition
from ...filters.kinds import FILTER_KINDS
from ..protocol.encoding import Data, bytes_data, read_bytes
from ..protocol.vector import Vector
from ..reference.answers import model_answer
from .features import features_of
from .notation import commented, text_bytes, text_lines, words

Catalogue = Mapping[str, EventDefinition]


def grammar(catalogue: Catalogue) -> Iterator[Vector]:
    """Yield the hand-written grammar vectors."""
    numbers: Counter[int] = Counter()
    rule = 0
    for line in text_lines("grammar.txt"):
        if line.startswith("@"):
            rule = int(line[1:])
            continue
        for question, expect in _cases(line, catalogue):
            numbers[rule] += 1
            name = f"grammar-{rule:02}-{numbers[rule]:03}"
            yield grammar_vector(name, rule, question, expect)


def grammar_vector(name: str, rule: int, question: Data, expect: Data) -> Vector:
    """Return a grammar vector, with the feature ``catalogue`` if it needs a whole one."""
    features = {*features_of(question, expect)}
    if needs_catalogue(question["flags"]):
        features.add("catalogue")
    return Vector(name, "grammar", rule, tuple(sorted(features)), question, expect)


def needs_catalogue(flags: list[Data]) -> bool:
    """Whether the answer depends on more events than the flags name."""
    texts = [read_bytes(flag).decode("latin-1").rpartition(":")[2] for flag in flags]
    selecting = [text for text in texts if text[:2] in ("e=", "ev", "s=", "se", "e!", "s!")]
    exact = [
        text for text in selecting if text.startswith("e") and "!" not in text and "*" not in text
    ]
    return not selecting or len(exact) < len(selecting)


def _cases(line: str, catalogue: Catalogue) -> Iterator[tuple[Data, Data]]:
    text = commented(line)[0]
    if " => " in text:
        flags, _, wanted = text.partition(" => ")
        yield _question(words(flags)), {"error": _error(words(flags), wanted.split())}
        return
    first, second = (_question(words(side)) for side in text.split(" == "))
    answers = [model_answer("grammar", question, catalogue) for question in (first, second)]
    if answers[0] != answers[1] or "error" in answers[0]:
        raise ValueError(f"not the same scopes: {line}")
    yield from ((first, answers[0]), (second, answers[1]))


def _question(flags: list[str]) -> Data:
    return {"flags": [bytes_data(text_bytes(flag)) for flag in flags]}


def _error(flags: list[str], wanted: list[str]) -> Data:
    if wanted[0] == "no-events":
        return {"classes": ["no-events"], "scope": int(wanted[1])}
    return {"classes": wanted, "flag": bytes_data(text_bytes(flags[-1]))}


def examples(catalogue: Catalogue) -> Iterator[Vector]:
    """Yield a vector of the example of each filter in docs/guide/filters.md."""
    for number, kind in enumerate(FILTER_KINDS, start=1):
        flags = [flag for flag in (kind.beside, kind.example) if flag]
        question = {"flags": [f"{number}:{flag}" for flag in flags]}
        expect = model_answer("grammar", question, catalogue)
        yield grammar_vector(f"grammar-examples-{number:03}", 3, question, expect)
