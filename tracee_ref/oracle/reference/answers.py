# SPDX-License-Identifier: Apache-2.0
"""Answers of the model to the questions of vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ...errors import UsageError
from ...events.catalogue import EventDefinition
from ...filters.parse import parse_filters
from ...model.match import matched_scopes
from ...model.selection import Selection, selected, with_dependencies
from ...strings import text_of
from ..protocol.encoding import Data, bytes_data, mask_data, read_bytes
from ..protocol.facts import read_event
from ..protocol.scopes import read_scopes, scopes_data
from .replay import replay

Question = Mapping[str, Data]
Catalogue = Mapping[str, EventDefinition]


def model_answer(kind: str, question: Question, catalogue: Catalogue) -> Data:
    """Return the model's answer to a question; `catalogue` is the catalogue of the corpus."""
    return ANSWERS[kind](question, catalogue)


def _decision(question: Question, _catalogue: Catalogue) -> Data:
    scopes = read_scopes(question["scopes"])
    return mask_data(matched_scopes(scopes, read_event(question["event"])))


def _selection(question: Question, _catalogue: Catalogue) -> Data:
    names = ("event", "not_event", "set", "not_set")
    chosen = Selection(*(frozenset(question.get(name, ())) for name in names))
    sets = {name: frozenset(members) for name, members in question["catalogue"].items()}
    events = selected(chosen, sets)
    needed = with_dependencies(events, question.get("depends", {}))
    return {"events": sorted(events), "taken_in": sorted(needed)}


def _grammar(question: Question, catalogue: Catalogue) -> Data:
    flags = [read_bytes(flag).decode(errors="surrogateescape") for flag in question["flags"]]
    try:
        return {"scopes": scopes_data(parse_filters(flags, catalogue))}
    except UsageError as error:
        return {"error": {"class": error.code.value} | _blamed(error)}


def _blamed(error: UsageError) -> Data:
    """Return the scope or the flag to blame."""
    if error.scope is not None:
        return {"scope": error.scope}
    return {"flag": bytes_data((error.flag or "").encode(errors="surrogateescape"))}


def _trace(question: Question, _catalogue: Catalogue) -> Data:
    scopes = read_scopes(question["scopes"])
    return {"events": replay(scopes, question["before"], question["journal"])}


def _text(question: Question, _catalogue: Catalogue) -> Data:
    return {"text": text_of(read_bytes(question["bytes"]))}


ANSWERS: Final[Mapping[str, Callable[[Question, Catalogue], Data]]] = {
    "decision": _decision,
    "selection": _selection,
    "grammar": _grammar,
    "trace": _trace,
    "text": _text,
}
