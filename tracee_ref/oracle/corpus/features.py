# SPDX-License-Identifier: Apache-2.0
"""Features that a consumer needs to answer a vector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...strings import BYTE
from ..protocol.encoding import Data, read_bytes


def features_of(question: Mapping[str, Data], expect: Mapping[str, Data]) -> tuple[str, ...]:
    """Return the features that a question and its answer need, without the kind."""
    scopes = [*question.get("scopes", ()), *expect.get("scopes", ())]
    found = {name for scope in scopes for name in scope_features(scope)}
    found |= {*_fact_features(question), *_journal_features(question.get("journal", ()))}
    if "error" in expect:
        found.add("errors")
    if any(map(_has_escapes, question.get("flags", ()))):
        found.add("escaped-bytes")
    if '"hex": ' in repr((question, expect.get("scopes"))).replace("'", '"'):
        found.add("raw-bytes")
    return tuple(sorted(found))


def _has_escapes(flag: Data) -> bool:
    """Whether bytes of a flag are given as U+FFFD and two digits (rule 20)."""
    return BYTE.search(read_bytes(flag)) is not None


def scope_features(scope: Mapping[str, Data]) -> Iterator[str]:
    """Yield the features that the filters of a scope need."""
    if scope.get("follow"):
        yield "follow"
    for filter_ in scope["filters"]:
        name = filter_["filter"]
        yield "container" if name == "in_container" else name
        yield from _value_features(name, filter_["value"])


def _value_features(name: str, value: Data) -> Iterator[str]:
    if value == "new":
        yield f"{name}-new"
    elif isinstance(value, dict):
        if "id" in value:
            yield "container-id"
        if "mntns" in value:
            yield "binary-mntns"
        if value.keys() & {"prefix", "suffix", "contains"}:
            yield "wildcards"


def _fact_features(question: Mapping[str, Data]) -> Iterator[str]:
    if any("at_return" in field for field in question.get("event", {}).get("fields", ())):
        yield "changed"
    process = question.get("event", {}).get("process", {})
    processes = [process, *(task["process"] for task in question.get("before", ()))]
    if process.get("followed"):
        yield "follow"
    if question.get("event", {}).get("process", {}).get("tracer"):
        yield "tracer"
    if question.get("journal") and _tracer_acts(processes, question["journal"]):
        yield "tracer"


def _tracer_acts(processes: Iterable[Data], journal: Iterable[Data]) -> bool:
    tracers = {process["pid"] for process in processes if process.get("tracer")}
    return any(step["tid"] in tracers for step in journal)


def _journal_features(journal: Iterable[Data]) -> Iterator[str]:
    for step in journal:
        if step["do"] in ("enter", "return"):
            yield "calls"
        if step.get("derived"):
            yield "derived"
