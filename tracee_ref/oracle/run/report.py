# SPDX-License-Identifier: Apache-2.0
"""Reports of a run: text for people, JSON and JUnit XML for programs."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from os import fsencode
from typing import Final
from xml.etree import ElementTree

from ...strings import text_of, visible
from ..protocol.encoding import Data
from ..protocol.messages import VERSION
from ..protocol.vector import SEMANTICS
from .reasoning import reasoning
from .session import CaseVerdict, Outcome
from .summary import NO_VERDICT, Counts, Summary

RULES: Final = {
    1: "scopes and numbers", 2: "masks", 3: "AND and OR", 4: "several filters of a kind",
    5: "selection", 6: "filters on events", 7: "values of fields", 8: "comm and uts",
    9: "uid, pid, namespaces", 10: "binary", 11: "container", 12: "tree", 13: "follow",
    14: "the tracer itself", 15: "derived events", 16: "dependencies", 17: "when facts are read",
    18: "what could not be read", 19: "arguments that changed", 20: "text",
}  # fmt: skip
WIDTH: Final = 28
VERDICTS: Final = {
    CaseVerdict.AGREED: "all answers agree with the model",
    CaseVerdict.DISAGREED: "some answers differ from the model's",
    CaseVerdict.ERRORED: "no verdict: the consumer failed",
    CaseVerdict.SKIPPED: "no verdict: cases were skipped",
}


def report_lines(summary: Summary, catalogue: Sequence[Data], show: int) -> Iterator[str]:
    """Yield the report, with the details of `show` disagreements of each rule."""
    yield from _head(summary)
    yield from table("rule", {_rule(n): counts for n, counts in summary.rules.items()})
    yield from table("feature", summary.features)
    yield from table("", {"total": summary.total})
    for verdict in (CaseVerdict.DISAGREED, CaseVerdict.ERRORED):
        yield from _details(summary.with_verdict(verdict), catalogue, show)
    yield from _skips(summary)
    yield from (f"note: {visible(note)}" for note in summary.notes)
    yield f"result: {result(summary)}"


def result(summary: Summary) -> str:
    """Return the verdict of a run as a sentence."""
    total = summary.total
    if total[CaseVerdict.DISAGREED]:
        return VERDICTS[CaseVerdict.DISAGREED]
    if total[CaseVerdict.ERRORED] or summary.notes:
        return VERDICTS[CaseVerdict.ERRORED]
    if summary.status:
        return VERDICTS[CaseVerdict.SKIPPED]
    skipped = total[CaseVerdict.SKIPPED]
    return f"{VERDICTS[CaseVerdict.AGREED]}" + (f"; {skipped} were skipped" if skipped else "")


def _head(summary: Summary) -> Iterator[str]:
    hello = summary.hello
    name = visible(f"{hello.name} {hello.version}") if hello else "unknown"
    yield f"consumer: {name} ({visible(shlex.join(summary.argv))})"


def _rule(number: int) -> str:
    return f"{number:>2} {RULES.get(number, '')}"


def table(head: str, rows: Mapping[str, Counts]) -> Iterator[str]:
    """Yield the lines of a table of counts."""
    yield ""
    if head:
        yield f"{head:<{WIDTH}}" + "".join(f"{verdict.value:>11}" for verdict in CaseVerdict)
    for name, counts in rows.items():
        cells = (f"{counts[verdict] or '-':>11}" for verdict in CaseVerdict)
        yield f"{visible(name):<{WIDTH}}{''.join(cells)}"


def _details(outcomes: Sequence[Outcome], catalogue: Sequence[Data], show: int) -> Iterator[str]:
    printed: Counter[int] = Counter()
    for outcome in outcomes:
        printed[outcome.vector.rule] += 1
        if printed[outcome.vector.rule] <= show:
            yield from outcome_lines(outcome, catalogue)
    if more := sum(max(0, number - show) for number in printed.values()):
        yield f"\n{more} more {outcomes[0].verdict.value}: see --show and --json"


def outcome_lines(outcome: Outcome, catalogue: Sequence[Data]) -> Iterator[str]:
    """Yield the details of a disagreement or an error."""
    why = f": {outcome.vector.why}" if outcome.vector.why else ""
    head = f"{outcome.verdict.value} {outcome.vector.id} (rule {outcome.vector.rule}){why}"
    yield f"\n{visible(head)}"
    yield f"    {visible(outcome.reason)}"
    if outcome.verdict is CaseVerdict.DISAGREED:
        yield from (f"    {visible(line)}" for line in reasoning(outcome, catalogue))


def _skips(summary: Summary) -> Iterator[str]:
    reasons = Counter(outcome.reason for outcome in summary.with_verdict(CaseVerdict.SKIPPED))
    if reasons:
        yield "\nskipped"
    for reason, number in reasons.most_common():
        yield f"{number:>6}  {visible(reason)}"
    yield ""


ELEMENTS: Final = {
    CaseVerdict.DISAGREED: "failure",
    CaseVerdict.ERRORED: "error",
    CaseVerdict.SKIPPED: "skipped",
}


def report_data(summary: Summary) -> Data:
    """Return the JSON data of the whole run (docs/reference/oracle-protocol.md, "Reports")."""
    hello = summary.hello
    consumer: Data = {
        "argv": [text_of(fsencode(word)) for word in summary.argv],
        "name": None,
        "version": None,
        "features": None,
    }
    if hello:
        features = sorted(hello.features)
        consumer |= {"name": hello.name, "version": hello.version, "features": features}
    return {
        "protocol": VERSION,
        "semantics": SEMANTICS,
        "consumer": consumer,
        "status": summary.status,
        "verdict": result(summary),
        "total": counts_data(summary.total),
        "rules": {str(number): counts_data(counts) for number, counts in summary.rules.items()},
        "features": {name: counts_data(counts) for name, counts in summary.features.items()},
        "notes": [*summary.notes],
        "cases": [outcome_data(outcome) for outcome in summary.outcomes],
    }


def counts_data(counts: Counts) -> Data:
    """Return the JSON data of counts."""
    return {verdict.value: number for verdict, number in counts.items()}


def outcome_data(outcome: Outcome) -> Data:
    """Return the JSON data of the outcome of a case."""
    vector = outcome.vector
    data = {
        "id": vector.id,
        "kind": vector.kind,
        "rule": vector.rule,
        "verdict": outcome.verdict.value,
    }
    if outcome.verdict is CaseVerdict.AGREED:
        return data
    return data | {"reason": outcome.reason, "expect": vector.expect, "answer": outcome.answer}


def junit(summary: Summary, catalogue: Sequence[Data]) -> bytes:
    """Return the run as JUnit XML, a suite for each rule."""
    root = ElementTree.Element("testsuites", {"name": "scope-oracle"} | _attributes(summary.total))
    for number, counts in summary.rules.items():
        name = f"rule {number}: {RULES.get(number, '')}"
        suite = ElementTree.SubElement(root, "testsuite", {"name": name} | _attributes(counts))
        for outcome in summary.outcomes:
            if outcome.vector.rule == number:
                _case(suite, outcome, catalogue)
    if summary.status == NO_VERDICT and not summary.total[CaseVerdict.ERRORED]:
        _no_verdict(root, summary)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _no_verdict(root: ElementTree.Element, summary: Summary) -> None:
    """Add an error, without which a run of skipped cases would pass."""
    suite = ElementTree.SubElement(root, "testsuite", name="verdict", tests="1", errors="1")
    case = ElementTree.SubElement(suite, "testcase", classname="scope-oracle", name="verdict")
    reason = "; ".join([result(summary), *summary.notes])
    ElementTree.SubElement(case, "error", message=visible(reason))


def _attributes(counts: Counts) -> dict[str, str]:
    found = {f"{ELEMENTS[verdict]}s": str(counts[verdict]) for verdict in ELEMENTS}
    found["skipped"] = found.pop("skippeds")
    return {"tests": str(sum(counts.values())), **found}


def _case(suite: ElementTree.Element, outcome: Outcome, catalogue: Sequence[Data]) -> None:
    kind = f"scope-oracle.{outcome.vector.kind}"
    case = ElementTree.SubElement(
        suite, "testcase", classname=kind, name=visible(outcome.vector.id)
    )
    if outcome.verdict in ELEMENTS:
        element = ElementTree.SubElement(
            case, ELEMENTS[outcome.verdict], message=visible(outcome.reason)
        )
        if outcome.verdict is CaseVerdict.DISAGREED:
            element.text = "\n".join(outcome_lines(outcome, catalogue))
