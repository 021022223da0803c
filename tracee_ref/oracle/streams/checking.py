# SPDX-License-Identifier: Apache-2.0
"""Check of a stream: alone, against an unfiltered one, or against a journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from heapq import merge

from ...errors import HostCode, HostError, UsageCode, UsageError
from ..inputs import open_input
from ..reference.semantics import ModelSemantics
from .balance import Balance, Pair, event_of
from .events_json import MASK, Line, lines
from .job import Job, Streams, selects_process_events
from .journal import ExpectedEvent, Journal
from .losses import NO_LOSSES
from .progress import with_progress
from .report import CheckResult, Finding, FindingKind
from .verdicts import Verdict, Verdicts
from .wording import mask_text, reasons, summary


def check(job: Job, streams: Streams) -> CheckResult:
    """Check the streams of one host; raise UsageError for an unreadable file."""
    checker = Checker(job, streams)
    with ExitStack() as stack:
        printed = checker.events(streams.printed, stack)
        if streams.journal is not None:
            checker.check_by_journal(printed, streams.journal)
        elif streams.unfiltered is None:
            checker.check_alone(printed)
        else:
            checker.check_by_unfiltered(printed, checker.events(streams.unfiltered, stack))
    return checker.result()


class Checker:
    """Check of the streams of one host."""

    def __init__(self, job: Job, streams: Streams) -> None:
        self._job = job
        self._streams = streams
        semantics = job.semantics()
        if streams.unfiltered is None:
            complete = selects_process_events(semantics) and not streams.losses.lost
        else:
            complete = not streams.unfiltered_losses.lost
        self._verdicts = Verdicts(semantics, job.begins, job.tracers, complete=complete)
        self._losses = {streams.printed: streams.losses}
        if streams.unfiltered is not None:
            self._losses[streams.unfiltered] = streams.unfiltered_losses
        self._result = CheckResult()

    def result(self) -> CheckResult:
        """Return the counts and findings, with those that losses explain."""
        unfiltered = self._losses.get(self._streams.unfiltered or "", NO_LOSSES)
        self._result.explain_losses(self._losses[self._streams.printed], unfiltered)
        return self._result

    def events(self, path: str, stack: ExitStack) -> Iterator[Line]:
        """Yield the lines of a file that are events; record losses and unreadable lines."""
        stream = open_input(path, stack, "give a file of JSON events, or -")
        found, empty = lines(stream, self._job.policies), True
        try:
            for line in with_progress(found, stream, path) if self._job.progress else found:
                if line.event is not None:
                    empty = False
                    yield line
                elif line.losses is not None:
                    self._losses[path] += line.losses
                elif self._count(FindingKind.UNREADABLE):
                    self._add_finding(FindingKind.UNREADABLE, f"{path}:{line.number}", line.problem)
        except OSError as error:
            raise UsageError(
                UsageCode.INPUT, f"{path}: {error.strerror} - give a file of JSON events, or -"
            ) from error
        except HostError as error:
            raise HostError(HostCode.NO_VERDICT, f"{path}: {error}") from error
        if empty:
            self._result.empty.append(path)

    def check_alone(self, printed: Iterable[Line]) -> None:
        """Check events by the facts in them and in earlier events of their stream."""
        processes = self._verdicts.processes
        for line in printed:
            event = event_of(line)
            processes.update_before(event)
            self._check_mask(line, self._verdicts.now(event))
            processes.update_after(event)

    def check_by_unfiltered(self, printed: Iterable[Line], unfiltered: Iterable[Line]) -> None:
        """Compute the masks of all events, and compare with those that the tracer printed."""
        balance = Balance(self._job.window)
        for time, is_unfiltered, line in merge(timed(printed, False), timed(unfiltered, True)):
            self._check_pairs(balance.expire(time))
            if is_unfiltered:
                verdict = self._verdicts.of(event_of(line))
                if verdict.certain or verdict.undecidable:
                    self._check_pairs(balance.expect(line, verdict))
            else:
                self._check_pairs(balance.add_printed(line))
        self._check_pairs(balance.expire(None))

    def check_by_journal(self, printed: Iterable[Line], path: str) -> None:
        """Compare events with those that the model expects from a journal."""
        semantics = self._verdicts.semantics
        if not isinstance(semantics, ModelSemantics):
            raise UsageError(
                UsageCode.COMMAND_LINE,
                "--journal: a dialect cannot replay one - remove --dialect",
            )
        journal = Journal(path, tuple(semantics.scopes))
        for line in printed:
            missing, expected = journal.take(line)
            self._add_missing(path, missing)
            self._compare(line, expected)
        self._add_missing(path, journal.remaining())

    def _compare(self, line: Line, expected: ExpectedEvent | None) -> None:
        """Compare an event with the one that a journal expects."""
        event = event_of(line)
        self._result.events += 1
        if expected is not None and event[MASK] == expected.mask:
            self._result.right += 1
            return
        kind = FindingKind.UNEXPECTED if expected is None else FindingKind.WRONG
        if self._count(kind):
            wanted = mask_text(expected.mask) if expected else "none of its thread"
            text = f"{summary(event)}: {mask_text(event[MASK])}, expected {wanted}"
            self._add_finding(kind, f"{self._streams.printed}:{line.number}", text)

    def _add_missing(self, path: str, missing: Iterable[ExpectedEvent]) -> None:
        """Add the events of a journal that the stream lacks."""
        for expected in missing:
            if self._count(FindingKind.MISSING):
                text = f"{expected.name}: expected {mask_text(expected.mask)}"
                self._add_finding(FindingKind.MISSING, f"{path}: step {expected.step}", text)

    def _check_pairs(self, pairs: Iterable[Pair]) -> None:
        """Check events that are in both streams, or in one."""
        for expected, line in pairs:
            if line is not None and expected is not None:
                self._check_mask(line, expected.verdict)
            elif line is not None:
                self._check_unmatched(line)
            elif expected is not None:
                self._check_missing(expected.line, expected.verdict)

    def _check_mask(self, line: Line, verdict: Verdict) -> None:
        """Compare the mask of an event with the expected one."""
        event = event_of(line)
        mask = event[MASK]
        self._result.events += 1
        zero_allowed = event["eventName"] in self._verdicts.semantics.printed_with_zero_mask
        if (mask or zero_allowed) and verdict.allows(mask):
            if verdict.undecidable:
                self._result.add_undecidable([*verdict.needs.values()])
            else:
                self._result.right += 1
            return
        unexpected = not (mask or zero_allowed) or not verdict.certain | verdict.undecidable
        kind = FindingKind.UNEXPECTED if unexpected else FindingKind.WRONG
        if self._count(kind):
            expected = mask_text(verdict.certain, verdict.undecidable)
            differing = (mask ^ verdict.certain) & ~verdict.undecidable
            text = f"{mask_text(mask)}, expected {expected}"
            self._explain(kind, self._streams.printed, line, text, differing)

    def _count(self, kind: FindingKind) -> bool:
        """Count a finding; return whether it is among the first, which the report prints."""
        self._result.found[kind] += 1
        return self._result.found[kind] <= self._job.limit

    def _check_unmatched(self, line: Line) -> None:
        """Count an event of the tracer without counterpart in the unfiltered stream."""
        event = event_of(line)
        self._result.events += 1
        verdict = self._verdicts.now(event)
        matched = verdict.certain | verdict.undecidable
        kind, mask = (
            FindingKind.NOT_IN_UNFILTERED if matched else FindingKind.UNEXPECTED,
            event[MASK],
        )
        if self._count(kind):
            scopes = mask & ~verdict.undecidable
            self._explain(kind, self._streams.printed, line, mask_text(mask), scopes)

    def _check_missing(self, line: Line, verdict: Verdict) -> None:
        """Count an unfiltered event that the tracer did not print."""
        if not verdict.certain:
            self._result.perhaps_missing += 1
            return
        if self._count(FindingKind.MISSING):
            text = f"expected {mask_text(verdict.certain, verdict.undecidable)}"
            path = self._streams.unfiltered or ""
            self._explain(FindingKind.MISSING, path, line, text, verdict.certain)

    def _explain(self, kind: FindingKind, path: str, line: Line, text: str, scopes: int) -> None:
        """Add a finding about an event, with the model's reasons for `scopes`."""
        event = event_of(line)
        why = reasons(self._verdicts, event, scopes)
        self._add_finding(kind, f"{path}:{line.number}", f"{summary(event)}: {text}", why)

    def _add_finding(
        self, kind: FindingKind, position: str, text: str, why: tuple[str, ...] = ()
    ) -> None:
        self._result.findings.append(Finding(kind, position, text, why))


def timed(events: Iterable[Line], is_unfiltered: bool) -> Iterator[tuple[int, bool, Line]]:
    """Yield (time, is_unfiltered, line) in an order of time that never decreases.

    Timestamps may decrease, since events of several CPUs are interleaved.
    """
    latest = 0
    for line in events:
        latest = max(latest, event_of(line)["timestamp"])
        yield latest, is_unfiltered, line
