# SPDX-License-Identifier: Apache-2.0
"""``scope-oracle run``: answers of an implementation compared with vectors."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from ...errors import HostCode, HostError, UsageCode, UsageError
from ...files.walk import UnsafePathError
from ...files.written import write_report
from ...strings import visible_json
from ..protocol.catalogue import shipped_catalogue
from ..protocol.vector import CORPUS, VECTOR_KINDS, Vector, load_vectors
from ..run.report import junit, report_data, report_lines
from ..run.session import Limits, Outcome, Session
from ..run.summary import Summary

SUMMARY = "put the vectors to an implementation and report where it disagrees"
EPILOG = """\
exit status:
  0  all answers agree; cases that need undeclared features were skipped
  1  at least one answer differs
  2  wrong usage
  3  no verdict: the consumer failed, nothing was answered, or a skip with --no-skips

example:
  scope-oracle run -- python -m tracee_ref.oracle.reference
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add all options."""
    parser.usage = "scope-oracle run [OPTION]... -- CMD [ARG]..."
    parser.epilog = EPILOG
    ask = parser.add_argument_group("vectors (default: all)")
    ask.add_argument("--kind", action="append", choices=VECTOR_KINDS, help="vectors of this kind")
    ask.add_argument("--rule", action="append", type=int, help="vectors of this rule")
    ask.add_argument("--feature", action="append", help="vectors that need this feature")
    ask.add_argument("--id", action="append", help="the vector with this id")
    ask.add_argument("--vectors", action="append", type=Path, help="use these files or directories")
    limits = parser.add_argument_group("limits")
    default = Limits()
    limits.add_argument("--start-seconds", type=seconds, default=default.start, help="for hello")
    limits.add_argument("--case-seconds", type=seconds, default=default.case, help="for a case")
    limits.add_argument("--restarts", type=int, default=default.restarts, help="after a failure")
    report = parser.add_argument_group("reports")
    report.add_argument("--show", type=int, default=3, help="disagreements to print, of each rule")
    report.add_argument("--json", type=Path, metavar="FILE", help="write the run as JSON")
    report.add_argument("--junit", type=Path, metavar="FILE", help="write the run as JUnit XML")
    report.add_argument("--no-skips", action="store_true", help="a skip gives status 3")


def seconds(text: str) -> float:
    """Parse a time limit in seconds; raise ValueError if it is not positive and finite."""
    limit = float(text)
    if not 0 < limit < float("inf"):
        raise ValueError(text)
    return limit


def execute(options: argparse.Namespace) -> int:
    """Run the vectors, write the reports, and return the exit status."""
    if not options.consumer:
        raise UsageError(
            UsageCode.COMMAND_LINE,
            "run: no command - give one after --, as in: run -- ./my-matcher",
        )
    vectors = [*chosen(options)]
    catalogue = shipped_catalogue()
    limits = Limits(options.start_seconds, options.case_seconds, options.restarts)
    command = options.consumer
    with Session(command, catalogue, limits) as session:
        outcomes = [*progress(session.outcomes(vectors), len(vectors))]
    summary = Summary(
        options.consumer, outcomes, session.hello, session.notes, not options.no_skips
    )
    if options.json:
        write(
            options.json, visible_json(json.dumps(report_data(summary), indent=1)).encode() + b"\n"
        )
    if options.junit:
        write(options.junit, junit(summary, catalogue))
    print("\n".join(report_lines(summary, catalogue, options.show)))
    return summary.status


def chosen(options: argparse.Namespace) -> Iterator[Vector]:
    """Yield the selected vectors; raise UsageError if there is none."""
    found = False
    for vector in load_vectors(options.vectors or [CORPUS]):
        wanted = (
            (options.kind, {vector.kind}),
            (options.rule, {vector.rule}),
            (options.feature, {vector.kind, *vector.features}),
            (options.id, {vector.id}),
        )
        if all(values is None or has.intersection(values) for values, has in wanted):
            found = True
            yield vector
    if not found:
        raise UsageError(
            UsageCode.COMMAND_LINE,
            "run: no vector is selected - remove a --kind, --rule, --feature or --id",
        )


def progress(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """Pass on `outcomes`; print their number on a terminal."""
    terminal = sys.stderr.isatty()
    for number, outcome in enumerate(outcomes, start=1):
        if terminal and (number % 50 == 0 or number == total):
            print(f"\r{number}/{total}", end="\n" if number == total else "", file=sys.stderr)
        yield outcome


def write(path: Path, content: bytes) -> None:
    """Write a report; raise HostError if that fails."""
    try:
        write_report(str(path), content)
    except UnsafePathError as error:
        raise HostError(HostCode.OUTPUT, f"{path}: cannot be written: {error}") from error
    except OSError as error:
        raise HostError(HostCode.OUTPUT, f"{path}: cannot be written ({error.strerror})") from error
