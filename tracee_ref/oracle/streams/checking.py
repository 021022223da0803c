# SPDX-License-Identifier: Apache-2.0
"""A whole stream checked: alone, or against all events that the tracer saw."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from pathlib import Path
from typing import IO

from ...errors import UsageCode, UsageError
from ..reference.semantics import ModelSemantics
from .balance import Balance, Pair, event_of
from .events_json import MASK, Line, lines
from .job import STDIN, Job, Streams, tells_lives
from .journal import Due, Journal
from .losses import NO_LOSSES
from .progress import shown
from .report import Finding, Kind, Tally
from .verdicts import Verdict, Verdicts
from .wording import mask_text, reasons, summary

OWN, ALL = False, True


def check(job: Job, streams: Streams) -> Tally:
    """Check the streams of one host; UsageError for a file that cannot be read."""
    checker = Checker(job, streams)
    with ExitStack() as stack:
        own = checker.events(streams.shown, stack)
        if streams.journal is not None:
            checker.by_journal(own, streams.journal)
        elif streams.everything is None:
            checker.alone(own)
        else:
            checker.against(own, checker.events(streams.everything, stack))
    return checker.end()


class Checker:
    """The check of the streams of one host; ``end`` gives its result."""

    def __init__(self, job: Job, streams: Streams) -> None:
        self._job = job
        self._streams = streams
        semantics = job.semantics()
        if streams.everything is None:
            told = tells_lives(semantics) and not streams.losses.lost
        else:
            told = not streams.losses_of_everything.lost
        self._verdicts = Verdicts(semantics, job.begins, job.tracers, told=told)
        self._losses = {streams.shown: streams.losses}
        if streams.everything is not None:
            self._losses[streams.everything] = streams.losses_of_everything
        self.tally = Tally()

    def end(self) -> Tally:
        """Let the losses explain what they can; return the result."""
        other = self._losses.get(self._streams.everything or "", NO_LOSSES)
        self.tally.excuse(self._losses[self._streams.shown], other)
        return self.tally

    def events(self, path: str, stack: ExitStack) -> Iterator[Line]:
        """Give the lines of a file that hold events; the others are findings."""
        stream = opened(path, stack)
        found = lines(stream, self._job.policies)
        for line in shown(found, stream, path) if self._job.progress else found:
            if line.event is not None:
                yield line
            elif line.losses is not None:
                self._losses[path] += line.losses
            elif self._worth_telling(Kind.UNREADABLE):
                place = f"{path}:{line.number}"
                self.tally.findings.append(Finding(Kind.UNREADABLE, place, line.problem))

    def alone(self, own: Iterable[Line]) -> None:
        """Semantics events by what they and their own stream tell."""
        lives = self._verdicts.lives
        for line in own:
            event = event_of(line)
            lives.before(event)
            self._judge(line, self._verdicts.now(event))
            lives.after(event)

    def against(self, own: Iterable[Line], all_: Iterable[Line]) -> None:
        """Semantics all events, and look which of them are shown."""
        balance = Balance(self._job.window)
        for time, of_all, line in merge(timed(own, OWN), timed(all_, ALL)):
            self._settle(balance.give_up(time))
            if of_all:
                verdict = self._verdicts.of(event_of(line))
                self._settle(balance.expect(line, verdict) if any(verdict[:2]) else ())
            else:
                self._settle(balance.show(line))
        self._settle(balance.give_up(None))

    def by_journal(self, own: Iterable[Line], path: str) -> None:
        """Compare events with those that a journal makes due; of a dialect nothing is due."""
        semantics = self._verdicts.semantics
        if not isinstance(semantics, ModelSemantics):
            raise UsageError(
                UsageCode.COMMAND_LINE,
                "--journal: only the model replays one - take --dialect away",
            )
        journal = Journal(path, tuple(semantics.scopes))
        for line in own:
            missing, due = journal.take(line)
            self._owed(path, missing)
            self._compare(line, due)
        self._owed(path, journal.rest())

    def _compare(self, line: Line, due: Due | None) -> None:
        """Count an event and whether it is right, by what was due."""
        event = event_of(line)
        self.tally.events += 1
        if due is not None and event[MASK] == due.mask:
            self.tally.right += 1
            return
        kind = Kind.UNINVITED if due is None else Kind.WRONG
        if self._worth_telling(kind):
            wanted = mask_text(due.mask) if due else "none of its thread"
            text = f"{summary(event)}: {mask_text(event[MASK])}, expected {wanted}"
            place = f"{self._streams.shown}:{line.number}"
            self.tally.findings.append(Finding(kind, place, text))

    def _owed(self, path: str, missing: Iterable[Due]) -> None:
        """Count events of a journal that are not shown."""
        for due in missing:
            if self._worth_telling(Kind.MISSING):
                text = f"{due.name}: expected {mask_text(due.mask)}"
                place = f"{path}: step {due.step}"
                self.tally.findings.append(Finding(Kind.MISSING, place, text))

    def _settle(self, pairs: Iterable[Pair]) -> None:
        """Count what was found in both streams, or in one."""
        for expected, line in pairs:
            if line is not None and expected is not None:
                self._judge(line, expected.verdict)
            elif line is not None:
                self._stray(line)
            elif expected is not None:
                self._missing(expected.line, expected.verdict)

    def _judge(self, line: Line, verdict: Verdict) -> None:
        """Compare the mask of an event with the one that it must have."""
        event = event_of(line)
        mask = event[MASK]
        self.tally.events += 1
        invited = mask != 0 or event["eventName"] in self._verdicts.semantics.printed_with_zero_mask
        if invited and verdict.allows(mask):
            if verdict.open:
                self.tally.doubt([*verdict.needs.values()])
            else:
                self.tally.right += 1
            return
        nothing = not invited or not verdict.certain | verdict.open
        kind = Kind.UNINVITED if nothing else Kind.WRONG
        if self._worth_telling(kind):
            text = f"{mask_text(mask)}, expected {mask_text(verdict.certain, verdict.open)}"
            differing = (mask ^ verdict.certain) & ~verdict.open
            self._tell(kind, self._streams.shown, line, text, differing)

    def _worth_telling(self, kind: Kind) -> bool:
        """Count a finding; only the first of a kind are put in words."""
        self.tally.found[kind] += 1
        return self.tally.found[kind] <= self._job.limit

    def _stray(self, line: Line) -> None:
        """Count an event that is shown, and is not among those that a scope matches."""
        event = event_of(line)
        self.tally.events += 1
        verdict = self._verdicts.now(event)
        alone = not verdict.certain | verdict.open
        kind, mask = Kind.UNINVITED if alone else Kind.UNKNOWN, event[MASK]
        if self._worth_telling(kind):
            self._tell(kind, self._streams.shown, line, mask_text(mask), mask & ~verdict.open)

    def _missing(self, line: Line, verdict: Verdict) -> None:
        """Count an event that is not shown."""
        if not verdict.certain:
            self.tally.perhaps_missing += 1
            return
        if self._worth_telling(Kind.MISSING):
            text = f"expected {mask_text(verdict.certain, verdict.open)}"
            place = self._streams.everything or ""
            self._tell(Kind.MISSING, place, line, text, verdict.certain)

    def _tell(self, kind: Kind, path: str, line: Line, text: str, scopes: int) -> None:
        """Keep a finding about an event, with the reasons that concern some scopes."""
        event = event_of(line)
        why = reasons(self._verdicts, event, scopes)
        place = f"{path}:{line.number}"
        self.tally.findings.append(Finding(kind, place, f"{summary(event)}: {text}", why))


def timed(events: Iterable[Line], of_all: bool) -> Iterator[tuple[int, bool, Line]]:
    """Give events with their time; a time never goes back, as those of several CPUs may."""
    latest = 0
    for line in events:
        latest = max(latest, event_of(line)["timestamp"])
        yield latest, of_all, line


def opened(path: str, stack: ExitStack) -> IO[bytes]:
    """Return an open file, or standard input."""
    if path == STDIN:
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(path).open("rb"))
    except OSError as error:
        raise UsageError(
            UsageCode.INPUT, f"{path}: {error.strerror} - give a file of JSON events, or -"
        ) from error
