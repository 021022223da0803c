# SPDX-License-Identifier: Apache-2.0
"""Report of a check: counts, and the first findings of each kind with reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from ...strings import without_surrogates
from .losses import Losses


class FindingKind(Enum):
    """Kind of a finding; the value is its name in reports."""

    WRONG = "wrong mask"
    UNEXPECTED = "should not be there"
    MISSING = "missing"
    NOT_IN_UNFILTERED = "not in the unfiltered stream"
    UNREADABLE = "no event"


class CheckVerdict(Enum):
    """Verdict of a check; NONE if nothing disagreed and something could not be read or decided."""

    AGREED = "agreed"
    DISAGREED = "disagreed"
    NONE = "none"


DEFAULT_FINDINGS: Final = 5
"""Findings of each kind that a report has by default."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding about an event: its file and line, a sentence, and the model's reasons."""

    kind: FindingKind
    position: str
    text: str
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class CheckResult:
    """The result of a check, of one stream or of several.

    ``events`` = right + undecidable + wrong + unexpected + not in the unfiltered stream; missing
    events and lines without an event are not among them.  ``explained`` counts the findings that
    losses explain, ``cut`` the events that the tracer delivered and the stream lacks.
    ``empty`` has the files without an event, and ``alone`` is a check of the stream by itself.
    """

    events: int = 0
    right: int = 0
    undecidable: int = 0
    found: Counter[FindingKind] = field(default_factory=Counter)
    needs: Counter[str] = field(default_factory=Counter)
    explained: Counter[FindingKind] = field(default_factory=Counter)
    cut: int = 0
    perhaps_missing: int = 0
    findings: list[Finding] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    alone: bool = False

    def add_undecidable(self, needs: Sequence[str]) -> None:
        """Count an undecidable event and what would decide it."""
        self.undecidable += 1
        self.needs.update(needs)

    def explain_losses(self, own: Losses, other: Losses) -> None:
        """Set ``explained`` and ``cut`` from the losses of both streams."""
        self.explained[FindingKind.MISSING] = min(self.found[FindingKind.MISSING], own.lost)
        self.explained[FindingKind.NOT_IN_UNFILTERED] = min(
            self.found[FindingKind.NOT_IN_UNFILTERED], other.lost
        )
        if own.delivered is not None:
            self.cut = max(0, own.delivered - self.events)

    def add(self, other: CheckResult, limit: int) -> None:
        """Add the result of another stream, with at most `limit` findings of each kind."""
        for name in ("events", "right", "undecidable", "cut", "perhaps_missing"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        kept = Counter(finding.kind for finding in self.findings)
        for finding in other.findings:
            kept[finding.kind] += 1
            if kept[finding.kind] <= limit:
                self.findings.append(finding)
        self.found += other.found
        self.needs += other.needs
        self.explained += other.explained
        self.empty += other.empty

    @property
    def disagreements(self) -> int:
        """Number of findings that losses do not explain."""
        unexplained = self.found - self.explained
        return unexplained.total() - unexplained[FindingKind.UNREADABLE] + self.cut

    @property
    def verdict(self) -> CheckVerdict:
        """The verdict."""
        if self.disagreements:
            return CheckVerdict.DISAGREED
        return CheckVerdict.NONE if self.why_none else CheckVerdict.AGREED

    @property
    def why_none(self) -> str:
        """Reason for which there is no verdict if nothing disagreed; empty if there is one."""
        if unreadable := self.found[FindingKind.UNREADABLE]:
            return f"{unreadable} lines hold no event"
        if self.alone and not self.right:
            return "no event could be decided"
        if self.empty:
            return f"no event in {', '.join(self.empty)}"
        return ""

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        for finding in self.findings:
            yield f"{finding.position}: {finding.kind.value}: {finding.text}"
            yield from (f"    {reason}" for reason in finding.reasons)
        yield f"events: {self.events} checked, {self.right} right, {self.undecidable} undecidable"
        for need, count in self.needs.most_common():
            yield f"  undecidable: {need}: {count}"
        for kind in FindingKind:
            if self.found[kind]:
                yield f"{kind.value}: {self.found[kind]}{self._explanation(kind)}"
        if self.perhaps_missing:
            yield f"perhaps missing: {self.perhaps_missing}, undecidable"
        if self.cut:
            yield f"cut: {self.cut} events were delivered that the stream does not have"
        verdict = self.verdict
        part = " in what could be decided" if self.undecidable else ""
        yield f"verdict: {verdict.value}{'' if verdict is CheckVerdict.NONE else part}"

    def _explanation(self, kind: FindingKind) -> str:
        return f", of which losses explain {self.explained[kind]}" if self.explained[kind] else ""

    def data(self) -> dict[str, Any]:
        """Return the report as JSON data."""
        findings = [
            {
                "kind": finding.kind.value,
                "place": without_surrogates(finding.position),
                "text": finding.text,
                "reasons": finding.reasons,
            }
            for finding in self.findings
        ]
        return {
            "agreed": self.verdict is CheckVerdict.AGREED,
            "verdict": self.verdict.value,
            "events": self.events,
            "right": self.right,
            "undecidable": {"events": self.undecidable, "needs": dict(self.needs)},
            "found": {kind.value: self.found[kind] for kind in FindingKind},
            "explained by losses": {kind.value: count for kind, count in self.explained.items()},
            "perhaps missing": self.perhaps_missing,
            "cut": self.cut,
            "findings": findings,
        }
