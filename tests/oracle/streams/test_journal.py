# SPDX-License-Identifier: Apache-2.0
"""Tests of ``scope-oracle check --journal``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.oracle_command import Ran, oracle
from tests.traced_events import Traced, traced, written
from tracee_ref.oracle.protocol.encoding import read_bytes
from tracee_ref.oracle.protocol.scopes import read_scopes
from tracee_ref.oracle.protocol.vector import CORPUS, Vector, load_vectors, vector_data
from tracee_ref.oracle.reference.replay import run_journal

TRACES = [*load_vectors([CORPUS / "trace.jsonl"])]
ONE = next(one for one in TRACES if len(one.expect["events"]) > 3)


def printed(vector: Vector) -> list[Traced]:
    """The events that the vector expects."""
    question = vector.question
    led = run_journal(read_scopes(question["scopes"]), question["before"], question["journal"])
    tids = {(step, event.name): event.process.tid for step, event in led.events}
    return [
        traced(one["event"], int(one["mask"]), hostThreadId=tids[one["step"], one["event"]])
        for one in vector.expect["events"]
    ]


def check(place: Path, vector: Vector, events: list[Traced], *options: str) -> Ran:
    journal = place / "journal.json"
    journal.write_text(json.dumps(vector_data(vector)))
    own = written(place / "own.json", events)
    flags = [os.fsdecode(read_bytes(flag)) for flag in vector.question["flags"]]
    return oracle("check", "--journal", journal, *options, "--scopes", *flags, "--", own)


def test_journal_of_vectors_agrees(tmp_path: Path) -> None:
    for vector in TRACES:
        events = printed(vector)
        ran = check(tmp_path, vector, events)
        # A stream without an event proves nothing: its tracer may not have run.
        verdict = "agreed" if events else "none"
        assert ran.out.endswith(f"verdict: {verdict}\n"), (vector.id, ran)


def test_journal_findings(tmp_path: Path) -> None:
    events = printed(ONE)
    wrong = events[0] | {"matchedScopes": events[0]["matchedScopes"] ^ 2}
    for changed, kind in (
        (events[1:], "missing"),
        (events[:-1], "missing"),
        ([wrong, *events[1:]], "wrong mask"),
        ([*events, traced("openat", 1, hostThreadId=12345)], "should not be there"),
    ):
        ran = check(tmp_path, ONE, changed)
        assert ran.status == 1
        assert f": {kind}: " in ran.out
        assert f"\n{kind}: 1" in ran.out
    assert check(tmp_path, ONE, events[1:], "--losses", "1").status == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"before": [], "journal": [{"do": "x"}]}'])
def test_journal_invalid(tmp_path: Path, text: str) -> None:
    journal = tmp_path / "journal"
    journal.write_text(text)
    own = written(tmp_path / "own.json", [traced()])
    ran = oracle("check", "--journal", journal, "--scopes", "event=openat", "--", own)
    assert (ran.status, ran.out) == (2, "")
    assert f"journal {journal}: " in ran.err
    assert ran.err.count("\n") == 1
