"""The report of a run for people."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from xml.etree import ElementTree

from ..protocol.encoding import Data
from ..protocol.messages import VERSION
from ..protocol.vector import SEMANTICS
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


ELEMENTS: Final = {
    Verdict.DISAGREED: "failure",
    Verdict.ERRORED: "error",
    Verdict.SKIPPED: "skipped",
}


def report_data(summary: Summary) -> Data:
    """Return the whole run for JSON (docs/reference/oracle-protocol.md, "Reports")."""
    hello = summary.hello
    consumer: Data = {"argv": [*summary.argv], "name": None, "version": None, "features": None}
    if hello:
        features = sorted(hello.features)
        consumer |= {"name": hello.name, "version": hello.version, "features": features}
    return {
        "protocol": VERSION,
        "semantics": SEMANTICS,
        "consumer": consumer,
        "status": summary.status,
        "total": counts_data(summary.total),
        "rules": {str(number): counts_data(one) for number, one in summary.rules.items()},
        "features": {name: counts_data(one) for name, one in summary.features.items()},
        "notes": [*summary.notes],
        "cases": [outcome_data(one) for one in summary.outcomes],
    }


def counts_data(counts: Counts) -> Data:
    """Return counts for JSON."""
    return {verdict.value: number for verdict, number in counts.items()}


def outcome_data(one: Outcome) -> Data:
    """Return the outcome of a case for JSON."""
    vector = one.vector
    data = {"id": vector.id, "kind": vector.kind, "rule": vector.rule, "verdict": one.verdict.value}
    if one.verdict is Verdict.AGREED:
        return data
    return data | {"reason": one.reason, "expect": vector.expect, "answer": one.answer}


def junit(summary: Summary, catalogue: Sequence[Data]) -> bytes:
    """Return the run as JUnit's XML, a suite for each rule."""
    root = ElementTree.Element("testsuites", {"name": "scope-oracle"} | _attributes(summary.total))
    for number, counts in summary.rules.items():
        name = f"rule {number}: {RULES.get(number, '')}"
        suite = ElementTree.SubElement(root, "testsuite", {"name": name} | _attributes(counts))
        for one in summary.outcomes:
            if one.vector.rule == number:
                _case(suite, one, catalogue)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _attributes(counts: Counts) -> dict[str, str]:
    found = {f"{ELEMENTS[verdict]}s": str(counts[verdict]) for verdict in ELEMENTS}
    found["skipped"] = found.pop("skippeds")
    return {"tests": str(sum(counts.values())), **found}


def _case(suite: ElementTree.Element, one: Outcome, catalogue: Sequence[Data]) -> None:
    kind = f"scope-oracle.{one.vector.kind}"
    case = ElementTree.SubElement(suite, "testcase", classname=kind, name=one.vector.id)
    if one.verdict in ELEMENTS:
        element = ElementTree.SubElement(case, ELEMENTS[one.verdict], message=clean(one.reason))
        if one.verdict is Verdict.DISAGREED:
            element.text = "\n".join(outcome_lines(one, catalogue))
