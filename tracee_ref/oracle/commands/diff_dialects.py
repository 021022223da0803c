# SPDX-License-Identifier: Apache-2.0
"""``scope-oracle diff-dialects``: smallest cases of each deviation of a dialect."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator
from typing import Final

from ..dialects import DIALECTS
from ..dialects.deviation import Deviation, Question
from ..dialects.difference import Case, smallest
from ..dialects.known_deviations import DEVIATIONS
from ..protocol.encoding import Data, mask_data
from ..protocol.facts import event_data

SUMMARY: Final = "print the smallest case of each deviation of a dialect from the model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add all options."""
    parser.add_argument("--dialect", choices=[*DIALECTS], default="tracee-0.12")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")


def execute(options: argparse.Namespace) -> int:
    """Print the smallest case of each deviation."""
    for case in all_cases():
        if options.json:
            print(json.dumps(case_data(case, options.dialect)))
        else:
            print("\n".join(lines(case)), end="\n\n")
    return 0


def all_cases() -> Iterator[Case]:
    """Yield the smallest case of each deviation; the tests hold that each has one."""
    for deviation in DEVIATIONS:
        case = smallest(deviation)
        assert case is not None
        yield case


def lines(case: Case) -> Iterator[str]:
    """Yield a case as lines of text."""
    deviation, question = case.deviation, case.question
    yield f"{deviation.name} ({rules(deviation)}; Tracee v0.12 facts, {deviation.section})"
    yield f"  {deviation.about}"
    yield "  flags: " + " ".join(f"-f {shlex.quote(flag)}" for flag in case.flags)
    for name, data in question_data(question).items():
        yield f"  {name}: {json.dumps(data)}"
    yield f"  mask: {case.model} by the semantics, {case.dialect} by the dialect"


def rules(deviation: Deviation) -> str:
    """Return the rules that a deviation breaks, for people."""
    numbers = " and ".join(map(str, deviation.rules))
    return f"rule{'s' if len(deviation.rules) > 1 else ''} {numbers}"


def question_data(question: Question) -> dict[str, Data]:
    """Return the JSON data of a question; ``life`` precedes the event."""
    data: dict[str, Data] = {"event": event_data(question.event)}
    if question.base is not None:
        data["base"] = event_data(question.base)
    if question.history:
        data["life"] = [str(event) for event in question.history]
    return data


def case_data(case: Case, dialect: str) -> Data:
    """Return the JSON data of a case."""
    return {
        "id": f"{dialect}/{case.deviation.name}",
        "rules": case.deviation.rules,
        "section": case.deviation.section,
        "why": case.deviation.about,
        "question": {"flags": case.flags, **question_data(case.question)},
        "model": mask_data(case.model),
        "dialect": mask_data(case.dialect),
    }
