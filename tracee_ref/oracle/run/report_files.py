"""The report of a run for programs: JSON, and JUnit's XML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree

from ..protocol.encoding import Data
from ..protocol.messages import VERSION
from ..protocol.vector import SEMANTICS
from .report import RULES, clean, outcome_lines
from .session import Outcome, Verdict
from .summary import Counts, Summary

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
