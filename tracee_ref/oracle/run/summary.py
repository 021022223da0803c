# SPDX-License-Identifier: Apache-2.0
"""Summary of a run: verdicts counted by rule and by feature, and the exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..protocol.messages import Hello
from .session import CaseVerdict, Outcome

AGREED: Final = 0
DISAGREED: Final = 1
NO_VERDICT: Final = 3
"""Exit statuses of a run; 2 is wrong usage."""

Counts = Mapping[CaseVerdict, int]


@dataclass
class Summary:
    """The outcomes of a run, the consumer's hello, and notes on its end."""

    argv: Sequence[str]
    outcomes: Sequence[Outcome]
    hello: Hello | None = None
    notes: Sequence[str] = field(default_factory=list)
    skips_allowed: bool = True

    @property
    def total(self) -> Counts:
        """All cases."""
        return count(self.outcomes)

    @property
    def rules(self) -> dict[int, Counts]:
        """The cases of each rule."""
        numbers = sorted({outcome.vector.rule for outcome in self.outcomes})
        return {
            n: count(outcome for outcome in self.outcomes if outcome.vector.rule == n)
            for n in numbers
        }

    @property
    def features(self) -> dict[str, Counts]:
        """The cases of each kind and feature; a case counts for all features that it needs."""
        found: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes:
            for name in {outcome.vector.kind, *outcome.vector.features}:
                found.setdefault(name, []).append(outcome)
        return {name: count(found[name]) for name in sorted(found)}

    @property
    def status(self) -> int:
        """The exit status; failed and disallowed skipped cases give ``NO_VERDICT``."""
        total = self.total
        if total[CaseVerdict.DISAGREED]:
            return DISAGREED
        skipped = total[CaseVerdict.SKIPPED] and not self.skips_allowed
        broken = (
            total[CaseVerdict.ERRORED] or self.notes or skipped or not total[CaseVerdict.AGREED]
        )
        return NO_VERDICT if broken else AGREED

    def with_verdict(self, verdict: CaseVerdict) -> list[Outcome]:
        """Return the outcomes with a verdict."""
        return [outcome for outcome in self.outcomes if outcome.verdict is verdict]


def count(outcomes: Iterable[Outcome]) -> Counts:
    """Return the number of outcomes with each verdict."""
    found = Counter(outcome.verdict for outcome in outcomes)
    return {verdict: found[verdict] for verdict in CaseVerdict}
