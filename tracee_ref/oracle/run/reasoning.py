# SPDX-License-Identifier: Apache-2.0
"""Question of a vector and the model's decision on it, in words."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from ...errors import UsageError
from ...filters.parse import parse_filters
from ...model.facts import Event
from ...model.scope import Scope
from ..protocol.catalogue import read_catalogue
from ..protocol.encoding import Data, FormatError, read_bytes, read_mask
from ..protocol.facts import read_event
from ..protocol.scopes import read_scopes
from ..reference.replay import run_journal
from .compare import scopes_of
from .explain import explain
from .session import Outcome


def reasoning(outcome: Outcome, catalogue: Sequence[Data]) -> Iterator[str]:
    """Yield lines with the question and the reasons of the model's answer."""
    question = outcome.vector.question
    if flags := question.get("flags"):
        yield " ".join(f"-f {shell_word(read_bytes(flag))}" for flag in flags)
    if outcome.vector.kind == "decision":
        yield from _decision(outcome)
    elif outcome.vector.kind == "trace":
        yield from _trace(outcome)
    elif outcome.vector.kind == "grammar":
        yield from _grammar(question, catalogue)
    else:
        yield f"question: {question}"


def shell_word(flag: bytes) -> str:
    """Quote a flag for a shell, as ``$'...'`` if some of its bytes are not printable."""
    text = flag.decode(errors="surrogateescape")
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(map(_in_dollar_quotes, flag)) + "'"


def _in_dollar_quotes(byte: int) -> str:
    char = chr(byte)
    if not (char.isascii() and char.isprintable()):
        return f"\\x{byte:02x}"
    return f"\\{char}" if char in "\\'" else char


def _decision(outcome: Outcome) -> Iterator[str]:
    question = outcome.vector.question
    event = read_event(question["event"])
    yield f"event: {question['event']}"
    yield from explained(read_scopes(question["scopes"]), event, _differing(outcome))


def _differing(outcome: Outcome) -> set[int]:
    try:
        found = read_mask(outcome.answer["mask"])
    except (FormatError, KeyError, TypeError):
        found = 0
    return {int(number) for number in scopes_of(found ^ read_mask(outcome.vector.expect["mask"]))}


def explained(scopes: Sequence[Scope], event: Event, numbers: set[int]) -> Iterator[str]:
    """Yield the model's decision on the scopes in `numbers`, or on all scopes if there is none."""
    concerned = [scope for scope in scopes if scope.number in numbers] or scopes
    for explanation in explain(concerned, [event]):
        yield from explanation.lines()


def _trace(outcome: Outcome) -> Iterator[str]:
    """Explain the first event that differs from the model's."""
    question = outcome.vector.question
    scopes = read_scopes(question["scopes"])
    run = run_journal(scopes, question["before"], question["journal"])
    difference = _first_difference(run.printed, (outcome.answer or {}).get("events"))
    if difference is None:
        return
    step, name = difference
    for number, data in enumerate(question["journal"][: step + 1]):
        yield f"step {number}: {data}"
    for number, event in run.events:
        if (number, event.name) == (step, name):
            yield from explained(scopes, event, set())
            return


def _first_difference(expected: list[Data], found: Data) -> tuple[int, str] | None:
    """Return step and name of the earliest event in which two lists differ."""
    listed = found if isinstance(found, list) else []
    for number in range(max(len(expected), len(listed))):
        pair = [events[number] for events in (expected, listed) if number < len(events)]
        if len(pair) < 2 or pair[0] != {**pair[0], **pair[1]}:
            return min((event.get("step", 0), event.get("event", "")) for event in pair)
    return None


def _grammar(question: Data, catalogue: Sequence[Data]) -> Iterator[str]:
    flags = [read_bytes(flag).decode(errors="surrogateescape") for flag in question["flags"]]
    try:
        parse_filters(flags, read_catalogue(catalogue))
    except UsageError as error:
        yield f"error of our parser: {error}"
