"""The report of a run for people."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ..protocol.encoding import Data
from .reasoning import reasoning
from .session import Outcome, Verdict
from .summary import Counts, Summary

RULES: Final = {
    1: "scopes and numbers", 2: "masks", 3: "AND and OR", 4: "several filters of a kind",
    5: "selection", 6: "filters on events", 7: "values of fields", 8: "comm and uts",
    9: "uid, pid, namespaces", 10: "binary", 11: "container", 12: "tree", 13: "follow",
    14: "the tracer itself", 15: "derived events", 16: "dependencies", 17: "when facts are read",
    18: "what could not be read",
}  # fmt: skip
WIDTH: Final = 28
VERDICTS: Final = {
    Verdict.AGREED: "all questions were answered as the model does",
    Verdict.DISAGREED: "some answers differ from the model's",
    Verdict.ERRORED: "no verdict: something broke",
    Verdict.SKIPPED: "no verdict: something was left out",
}


def report_lines(summary: Summary, catalogue: Sequence[Data], show: int) -> Iterator[str]:
    """Give the report; ``show`` is how many disagreements of each rule to tell at length."""
    yield from _head(summary)
    yield from table("rule", {_rule(n): counts for n, counts in summary.rules.items()})
    yield from table("feature", summary.features)
    yield from table("", {"total": summary.total})
    for verdict in (Verdict.DISAGREED, Verdict.ERRORED):
        yield from _told(summary.with_verdict(verdict), catalogue, show)
    yield from _skips(summary)
    yield from (f"note: {clean(note)}" for note in summary.notes)
    yield f"result: {result(summary)}"


def result(summary: Summary) -> str:
    """Return the verdict of a run in words."""
    total = summary.total
    if total[Verdict.DISAGREED]:
        return VERDICTS[Verdict.DISAGREED]
    if total[Verdict.ERRORED] or summary.notes:
        return VERDICTS[Verdict.ERRORED]
    if summary.status:
        return VERDICTS[Verdict.SKIPPED]
    skipped = total[Verdict.SKIPPED]
    return f"{VERDICTS[Verdict.AGREED]}" + (f", but for {skipped} skipped" if skipped else "")


def clean(text: str) -> str:
    """Return a text that a terminal and XML can take, whatever a consumer said."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def _head(summary: Summary) -> Iterator[str]:
    hello = summary.hello
    name = clean(f"{hello.name} {hello.version}") if hello else "unknown"
    yield f"consumer: {name} ({clean(shlex.join(summary.argv))})"


def _rule(number: int) -> str:
    return f"{number:>2} {RULES.get(number, '')}"


def table(head: str, rows: Mapping[str, Counts]) -> Iterator[str]:
    """Give a table of counts."""
    yield ""
    if head:
        yield f"{head:<{WIDTH}}" + "".join(f"{verdict.value:>11}" for verdict in Verdict)
    for name, counts in rows.items():
        cells = (f"{counts[verdict] or '-':>11}" for verdict in Verdict)
        yield f"{name:<{WIDTH}}{''.join(cells)}"


def _told(outcomes: Sequence[Outcome], catalogue: Sequence[Data], show: int) -> Iterator[str]:
    shown: Counter[int] = Counter()
    for one in outcomes:
        shown[one.vector.rule] += 1
        if shown[one.vector.rule] <= show:
            yield from outcome_lines(one, catalogue)
    if more := sum(max(0, number - show) for number in shown.values()):
        yield f"\n{more} more {outcomes[0].verdict.value}: see --show and --json"


def outcome_lines(one: Outcome, catalogue: Sequence[Data]) -> Iterator[str]:
    """Tell a disagreement or an error at length."""
    why = f": {one.vector.why}" if one.vector.why else ""
    yield f"\n{one.verdict.value} {one.vector.id} (rule {one.vector.rule}){why}"
    yield f"    {clean(one.reason)}"
    if one.verdict is Verdict.DISAGREED:
        yield from (f"    {clean(line)}" for line in reasoning(one, catalogue))


def _skips(summary: Summary) -> Iterator[str]:
    reasons = Counter(one.reason for one in summary.with_verdict(Verdict.SKIPPED))
    if reasons:
        yield "\nskipped"
    for reason, number in reasons.most_common():
        yield f"{number:>6}  {clean(reason)}"
    yield ""
