"""What a run found, counted by rule and by feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..protocol.messages import Hello
from .session import Outcome, Verdict

AGREED: Final = 0
DISAGREED: Final = 1
UNJUDGED: Final = 3
"""Exit statuses of a run; 2 is wrong usage."""

Counts = Mapping[Verdict, int]


@dataclass
class Summary:
    """All outcomes of a run, who gave the answers, and what else there is to say."""

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
        numbers = sorted({one.vector.rule for one in self.outcomes})
        return {n: count(one for one in self.outcomes if one.vector.rule == n) for n in numbers}

    @property
    def features(self) -> dict[str, Counts]:
        """The cases that need each feature, and of each kind; a case counts under all of its."""
        found: dict[str, list[Outcome]] = {}
        for one in self.outcomes:
            for name in {one.vector.kind, *one.vector.features}:
                found.setdefault(name, []).append(one)
        return {name: count(found[name]) for name in sorted(found)}

    @property
    def status(self) -> int:
        """The exit status: something that broke or was left out is never an agreement."""
        total = self.total
        if total[Verdict.DISAGREED]:
            return DISAGREED
        skipped = total[Verdict.SKIPPED] and not self.skips_allowed
        broken = total[Verdict.ERRORED] or self.notes or skipped or not total[Verdict.AGREED]
        return UNJUDGED if broken else AGREED

    def with_verdict(self, verdict: Verdict) -> list[Outcome]:
        """Return the outcomes with a verdict."""
        return [one for one in self.outcomes if one.verdict is verdict]


def count(outcomes: Iterable[Outcome]) -> Counts:
    """Return how many outcomes there are of each verdict."""
    found = Counter(one.verdict for one in outcomes)
    return {verdict: found[verdict] for verdict in Verdict}
