"""A disagreement in words: scopes, journal, what was expected and what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.scope import Scope
from tracee_ref.filters.spelling import format_scopes
from vmtests.runs.agreement import Difference, is_expected
from vmtests.runs.journal import Record
from vmtests.runs.occurrence import Occurrence

SHOWN = 5
"""Differences and scopes that are told in full; the rest is counted."""


@dataclass(frozen=True)
class Run:
    """A run on one kernel, with all that is known of it."""

    kernel: str
    scopes: Sequence[Scope]
    records: Sequence[Record]
    occurrences: Sequence[Occurrence]
    seen: Sequence[Occurrence]


def table(run: Run, wrong: Sequence[Difference], errors: Sequence[str]) -> str:
    """Return the report of a run, a few dozen lines."""
    lines = [f"{run.kernel}: the tracer and the model disagree", *errors]
    concerned = scopes_of(run, wrong)
    lines.append(f"scopes ({len(concerned)} of {len(run.scopes)} are concerned):")
    lines += [f"    -f {flag!r}" for flag in format_scopes(concerned[:SHOWN])]
    lines.append(f"{len(wrong)} events differ; the threads of the first {SHOWN}:")
    for tid in dict.fromkeys(one.tid for one in wrong[:SHOWN]):
        lines += [f"  journal of thread {tid}:"]
        lines += [f"    {record}" for record in run.records if is_about(record, tid)]
        lines += ["  events (- expected, + seen):", *(f"    {row}" for row in rows(run, tid))]
    return "\n".join(lines)


def is_about(record: Record, tid: int) -> bool:
    """Whether a thread did this, or began with it."""
    return tid == record.tid or (record.born is not None and tid == record.born.tid)


def scopes_of(run: Run, wrong: Sequence[Difference]) -> list[Scope]:
    """The scopes that the differences are about; all, if there are none."""
    bits = 0
    for one in wrong:
        bits |= bits_of(one)
    return [scope for scope in run.scopes if scope.bit & bits] or list(run.scopes)


def bits_of(one: Difference) -> int:
    """The bits that differ, if it is the mask of an event; else all of the event's."""
    if one.expected is None:
        return one.seen.mask if one.seen else 0
    if one.seen is None or one.seen.name != one.expected.name:
        return one.expected.mask
    return one.expected.mask ^ one.seen.mask or one.expected.mask


def rows(run: Run, tid: int) -> Iterator[str]:
    """The events of a thread side by side, like a diff."""
    seen = [event for event in run.seen if event.tid == tid]
    for one in run.occurrences:
        if one.tid != tid:
            continue
        if one.mask and seen and is_expected(one, seen[0]):
            seen.pop(0)
            yield f"  {row(one)}"
        else:
            yield f"- {row(one)}" if one.mask else f"  {row(one)} (no scope)"
    for event in seen:
        yield f"+ {row(event)}"


def row(one: Occurrence) -> str:
    ppid = "|".join(map(str, sorted(one.ppids)))
    facts = f"{one.pid:>7} {ppid:>7} {one.uid:>10} {one.comm!r:<17} {one.result:>7}"
    facts += f" {one.uts!r} {one.mntns} {one.pidns} {one.inner_pid}/{one.inner_tid}"
    return f"{one.mask:016x} {one.name:<18} {facts} {one.args}"
