"""``scope-oracle run``: ask an implementation, and compare its answers with the vectors."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from ...errors import HostCode, HostError, UsageCode, UsageError
from ..protocol.catalogue import shipped_catalogue
from ..protocol.vector import CORPUS, KINDS, Vector, load_vectors
from ..run.report import junit, report_data, report_lines
from ..run.session import Limits, Outcome, Session
from ..run.summary import Summary

SUMMARY = "ask an implementation all vectors, and report where it disagrees"
EPILOG = """\
exit status:
  0  every answer was the model's; what the consumer does not know was skipped
  1  at least one answer was not
  2  wrong usage
  3  no verdict: the consumer broke, or nothing was answered, or --no-skips and a skip

example:
  scope-oracle run -- python -m tracee_ref.oracle.reference
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to ask, how long to wait, and where the reports go."""
    parser.usage = "scope-oracle run [OPTION]... -- CMD [ARG]..."
    parser.epilog = EPILOG
    ask = parser.add_argument_group("what is asked (default: everything)")
    ask.add_argument("--kind", action="append", choices=KINDS, help="only this kind")
    ask.add_argument("--rule", action="append", type=int, help="only this rule of the semantics")
    ask.add_argument("--feature", action="append", help="only what needs this feature")
    ask.add_argument("--id", action="append", help="only this vector")
    ask.add_argument("--vectors", action="append", type=Path, help="other files or directories")
    limits = parser.add_argument_group("limits")
    default = Limits()
    limits.add_argument("--start-seconds", type=seconds, default=default.start, help="to say hello")
    limits.add_argument("--case-seconds", type=seconds, default=default.case, help="for a case")
    limits.add_argument("--restarts", type=int, default=default.restarts, help="after it broke")
    report = parser.add_argument_group("reports")
    report.add_argument("--show", type=int, default=3, help="disagreements told, of each rule")
    report.add_argument("--json", type=Path, metavar="FILE", help="write the whole run as JSON")
    report.add_argument("--junit", type=Path, metavar="FILE", help="write it as JUnit's XML")
    report.add_argument("--no-skips", action="store_true", help="a skip is no agreement")


def seconds(text: str) -> float:
    """Read a time limit; ValueError if it is none."""
    found = float(text)
    if not 0 < found < float("inf"):
        raise ValueError(text)
    return found


def execute(options: argparse.Namespace) -> int:
    """Ask everything, write the reports, and return the status of the run."""
    if not options.behind:
        raise UsageError(
            UsageCode.COMMAND_LINE,
            "run: no command - give one after --, as in: run -- ./my-matcher",
        )
    vectors = [*chosen(options)]
    catalogue = shipped_catalogue()
    limits = Limits(options.start_seconds, options.case_seconds, options.restarts)
    with Session(options.behind, catalogue, limits) as session:
        outcomes = [*progress(session.outcomes(vectors), len(vectors))]
    summary = Summary(options.behind, outcomes, session.hello, session.notes, not options.no_skips)
    if options.json:
        write(options.json, json.dumps(report_data(summary), indent=1).encode() + b"\n")
    if options.junit:
        write(options.junit, junit(summary, catalogue))
    print("\n".join(report_lines(summary, catalogue, options.show)))
    return summary.status


def chosen(options: argparse.Namespace) -> Iterator[Vector]:
    """Return the vectors to ask; UsageError if there is none."""
    found = False
    for vector in load_vectors(options.vectors or [CORPUS]):
        wanted = (
            (options.kind, {vector.kind}),
            (options.rule, {vector.rule}),
            (options.feature, {vector.kind, *vector.features}),
            (options.id, {vector.id}),
        )
        if all(some is None or has.intersection(some) for some, has in wanted):
            found = True
            yield vector
    if not found:
        raise UsageError(
            UsageCode.COMMAND_LINE,
            "run: no vector is left to ask - take a --kind, --rule or the like away",
        )


def progress(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """Show on a terminal how far it is."""
    shown = sys.stderr.isatty()
    for number, one in enumerate(outcomes, start=1):
        if shown and (number % 50 == 0 or number == total):
            print(f"\r{number}/{total}", end="\n" if number == total else "", file=sys.stderr)
        yield one


def write(path: Path, content: bytes) -> None:
    """Write a report; HostError if that is not possible."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise HostError(HostCode.OUTPUT, f"{path}: cannot be written ({error.strerror})") from error
