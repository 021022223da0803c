# SPDX-License-Identifier: Apache-2.0
"""Report of a disagreement: scopes, journal, expected and traced events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracee_ref.filters.format import format_scopes
from tracee_ref.model.scope import Scope
from vmtests.runs.agreement import Difference, is_expected
from vmtests.runs.journal import JournalStep
from vmtests.runs.occurrence import Occurrence

MAX_PRINTED = 5
"""Differences and scopes that are printed; the others are counted."""


@dataclass(frozen=True)
class Run:
    """A run on one kernel: its scopes, its journal, expected and traced events."""

    kernel: str
    scopes: Sequence[Scope]
    steps: Sequence[JournalStep]
    occurrences: Sequence[Occurrence]
    seen: Sequence[Occurrence]


def table(run: Run, wrong: Sequence[Difference], errors: Sequence[str]) -> str:
    """Return the report of a run with differences or errors, a few dozen lines."""
    lines = [f"{run.kernel}: the tracer and the model disagree", *errors]
    concerned = scopes_of(run, wrong)
    lines.append(f"scopes ({len(concerned)} of {len(run.scopes)} are concerned):")
    lines += [f"    -f {flag!r}" for flag in format_scopes(concerned[:MAX_PRINTED])]
    lines.append(f"{len(wrong)} events differ; the threads of the first {MAX_PRINTED}:")
    for tid in dict.fromkeys(difference.tid for difference in wrong[:MAX_PRINTED]):
        lines += [f"  journal of thread {tid}:"]
        lines += [f"    {step}" for step in run.steps if is_about(step, tid)]
        lines += ["  events (- expected, + seen):", *(f"    {row}" for row in rows(run, tid))]
    return "\n".join(lines)


def is_about(step: JournalStep, tid: int) -> bool:
    """Return whether a thread did this step, or was created by it."""
    return tid == step.tid or (step.child is not None and tid == step.child.tid)


def scopes_of(run: Run, wrong: Sequence[Difference]) -> list[Scope]:
    """Return the scopes whose bits differ; all scopes if there is no difference."""
    bits = 0
    for difference in wrong:
        bits |= bits_of(difference)
    return [scope for scope in run.scopes if scope.bit & bits] or list(run.scopes)


def bits_of(difference: Difference) -> int:
    """Return the mask bits that differ; all bits of the event if the masks are equal."""
    expected, seen = difference.expected, difference.seen
    if expected is None:
        return seen.mask if seen else 0
    if seen is None or seen.name != expected.name:
        return expected.mask
    return expected.mask ^ seen.mask or expected.mask


def rows(run: Run, tid: int) -> Iterator[str]:
    """Yield the events of a thread as lines of a diff."""
    seen = [event for event in run.seen if event.tid == tid]
    for expected in run.occurrences:
        if expected.tid != tid:
            continue
        if expected.mask and seen and is_expected(expected, seen[0]):
            seen.pop(0)
            yield f"  {row(expected)}"
        else:
            yield f"- {row(expected)}" if expected.mask else f"  {row(expected)} (no scope)"
    for event in seen:
        yield f"+ {row(event)}"


def row(event: Occurrence) -> str:
    ppid = "|".join(map(str, sorted(event.ppids)))
    facts = f"{event.pid:>7} {ppid:>7} {event.uid:>10} {event.comm!r:<17} {event.result:>7}"
    facts += f" {event.uts!r} {event.mntns} {event.pidns} {event.inner_pid}/{event.inner_tid}"
    changed = f" -> {event.at_return}" if event.at_return else ""
    return f"{event.mask:016x} {event.name:<18} {facts} {event.args}{changed}"
