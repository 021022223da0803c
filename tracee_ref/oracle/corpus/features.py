# SPDX-License-Identifier: Apache-2.0
"""What an implementation must know to answer a vector: the unit of opting in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..protocol.encoding import Data


def features_of(question: Mapping[str, Data], expect: Mapping[str, Data]) -> tuple[str, ...]:
    """Return the features of a question and its answer, without the kind."""
    scopes = [*question.get("scopes", ()), *expect.get("scopes", ())]
    found = {name for scope in scopes for name in scope_features(scope)}
    found |= {*_facts(question), *_journal(question.get("journal", ()))}
    if "error" in expect:
        found.add("errors")
    if '"hex": ' in repr((question, expect.get("scopes"))).replace("'", '"'):
        found.add("raw-bytes")
    return tuple(sorted(found))


def scope_features(scope: Mapping[str, Data]) -> Iterator[str]:
    """Return what the filters of a scope ask for."""
    if scope.get("follow"):
        yield "follow"
    for one in scope["filters"]:
        yield "container" if one["filter"] == "in_container" else one["filter"]
        yield from _finer(one["filter"], one["value"])


def _finer(name: str, value: Data) -> Iterator[str]:
    if value == "new":
        yield f"{name}-new"
    elif isinstance(value, dict):
        if "id" in value:
            yield "container-id"
        if "mntns" in value:
            yield "binary-mntns"
        if value.keys() & {"prefix", "suffix", "contains"}:
            yield "wildcards"


def _facts(question: Mapping[str, Data]) -> Iterator[str]:
    process = question.get("event", {}).get("process", {})
    processes = [process, *(one["process"] for one in question.get("before", ()))]
    if process.get("followed"):
        yield "follow"
    if question.get("event", {}).get("process", {}).get("tracer"):
        yield "tracer"
    if question.get("journal") and _used_by_tracer(processes, question["journal"]):
        yield "tracer"


def _used_by_tracer(processes: Iterable[Data], journal: Iterable[Data]) -> bool:
    tracers = {one["pid"] for one in processes if one.get("tracer")}
    return any(step["tid"] in tracers for step in journal)


def _journal(journal: Iterable[Data]) -> Iterator[str]:
    for step in journal:
        if step["do"] in ("enter", "return"):
            yield "calls"
        if step.get("derived"):
            yield "derived"
