# SPDX-License-Identifier: Apache-2.0
"""What a check found: counts, and the first few findings of each kind with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, Final

from .losses import Losses


class Kind(Enum):
    """What can be wrong with an event; the value is its name in reports."""

    WRONG = "wrong mask"
    UNINVITED = "should not be there"
    MISSING = "missing"
    UNKNOWN = "not in the unfiltered stream"
    UNREADABLE = "no event"


SHOWN: Final = 5
"""Findings of each kind that are shown."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An event that is wrong, where it is, and why."""

    kind: Kind
    place: str
    text: str
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """The result of a check, of one stream or of many.

    ``events`` = right + undecidable + wrong + uninvited + unknown; what is missing, and the
    lines that hold no event, are not among them.  ``excused`` are those missing that losses
    explain, ``cut`` those that the tracer delivered and the stream does not have.
    """

    events: int = 0
    right: int = 0
    undecidable: int = 0
    found: Counter[Kind] = field(default_factory=Counter)
    needs: Counter[str] = field(default_factory=Counter)
    excused: Counter[Kind] = field(default_factory=Counter)
    cut: int = 0
    perhaps_missing: int = 0
    findings: list[Finding] = field(default_factory=list)

    def doubt(self, needs: Sequence[str]) -> None:
        """Count an event that cannot be decided."""
        self.undecidable += 1
        self.needs.update(needs)

    def excuse(self, own: Losses, other: Losses) -> None:
        """Let the losses of both streams explain what they can, no more."""
        self.excused[Kind.MISSING] = min(self.found[Kind.MISSING], own.lost)
        self.excused[Kind.UNKNOWN] = min(self.found[Kind.UNKNOWN], other.lost)
        if own.delivered is not None:
            self.cut = max(0, own.delivered - self.events)

    def add(self, other: Tally, limit: int) -> None:
        """Take in the result of another stream."""
        for name in ("events", "right", "undecidable", "cut", "perhaps_missing"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        kept = Counter(one.kind for one in self.findings)
        for finding in other.findings:
            kept[finding.kind] += 1
            if kept[finding.kind] <= limit:
                self.findings.append(finding)
        self.found += other.found
        self.needs += other.needs
        self.excused += other.excused

    @property
    def disagreements(self) -> int:
        """How many findings nothing explains."""
        unexplained = self.found - self.excused
        return unexplained.total() - unexplained[Kind.UNREADABLE] + self.cut

    def lines(self) -> Iterator[str]:
        """Give the report as text."""
        for finding in self.findings:
            yield f"{finding.place}: {finding.kind.value}: {finding.text}"
            yield from (f"    {reason}" for reason in finding.reasons)
        yield f"events: {self.events} checked, {self.right} right, {self.undecidable} undecidable"
        for need, count in self.needs.most_common():
            yield f"  undecidable: {need}: {count}"
        for kind in Kind:
            if self.found[kind]:
                yield f"{kind.value}: {self.found[kind]}{self._explained(kind)}"
        if self.perhaps_missing:
            yield f"perhaps missing: {self.perhaps_missing}, undecidable"
        if self.cut:
            yield f"cut: {self.cut} events were delivered that the stream does not have"
        part = " in what could be decided" if self.undecidable else ""
        yield f"verdict: {'disagreed' if self.disagreements else 'agreed'}{part}"

    def _explained(self, kind: Kind) -> str:
        return f", of which losses explain {self.excused[kind]}" if self.excused[kind] else ""

    def data(self) -> dict[str, Any]:
        """Return the report for JSON."""
        findings = [asdict(one) | {"kind": one.kind.value} for one in self.findings]
        return {
            "agreed": not self.disagreements,
            "events": self.events,
            "right": self.right,
            "undecidable": {"events": self.undecidable, "needs": dict(self.needs)},
            "found": {kind.value: self.found[kind] for kind in Kind},
            "explained by losses": {kind.value: count for kind, count in self.excused.items()},
            "perhaps missing": self.perhaps_missing,
            "cut": self.cut,
            "findings": findings,
        }
