# SPDX-License-Identifier: Apache-2.0
"""Tests of ``scope-oracle run`` with faulty consumers, none of which may agree.

Each consumer (bad_consumer.py) is correct but for every third answer.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.oracle.run.bad_consumer import HELLOS, WAYS
from tests.oracle_command import Ran, oracle
from tracee_ref.oracle.protocol.vector import CORPUS
from tracee_ref.oracle.run.consumer import Consumer

CONSUMER = Path(__file__).with_name("bad_consumer.py")
CASES = 6
SLOW = frozenset({"silent", "hangs-with-child", "hello-late"})
"""Ways that exceed the time limits: only they get short ones, which a busy machine exceeds, too."""

PATIENT = ("--restarts", "1")
QUICK = ("--case-seconds", "1.5", "--start-seconds", "1.5", "--restarts", "1")
BREAKS = {
    "crash": "exited with status 7; stderr: first words | last words",
    "killed": "killed by signal 9",
    "silent": "no reply in 1.5 s",
    "hangs-with-child": "no reply in 1.5 s",
    "half": "incomplete line",
    "end": "exited with status 0",
    "garbage": r"not JSON: '\x1b[31mgarbage'",
    "empty": "not JSON: ''",
    "list": "not a JSON object",
    "deep": "not JSON: '[[[",
    "long": "a line of more than 1048576 bytes",
    "other-id": "replied to 'decision-99-999' instead of",
    "no-id": "replied to None",
    "other-type": "not a reply",
    "hello": "not a reply",
    "skips-silently": "its skipped has no string 'reason'",
}
"""Reason of the first failed case; the consumer is killed, and restarted once."""

FORMS = ("number", "no-mask", "wide-mask", "hex-mask")


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """Six decisions."""
    lines = (CORPUS / "decision.jsonl").read_text().splitlines(keepends=True)
    path = tmp_path / "six.jsonl"
    path.write_text("".join(lines[:CASES]))
    return path


def run(vectors: Path, way: str, *options: str) -> Ran:
    consumer = (sys.executable, str(CONSUMER), way)
    times = QUICK if way in SLOW else PATIENT
    return oracle("run", *times, *options, "--vectors", vectors, "--", *consumer)


def report(vectors: Path, way: str, *options: str) -> dict[str, Any]:
    path = vectors.with_name("report.json")
    run(vectors, way, "--json", str(path), *options)
    data: dict[str, Any] = json.loads(path.read_text())
    return data


def verdicts(data: dict[str, Any]) -> list[str]:
    return [case["verdict"] for case in data["cases"]]


def reasons(data: dict[str, Any]) -> list[str]:
    return [case.get("reason", "") for case in data["cases"]]


def test_run_all_agree(vectors: Path) -> None:
    ran = run(vectors, "well")
    assert (ran.status, ran.err) == (0, "")
    assert verdicts(report(vectors, "well")) == ["agreed"] * CASES


@pytest.mark.parametrize("way", BREAKS)
def test_run_failure_is_errored(vectors: Path, way: str) -> None:
    data = report(vectors, way)
    assert verdicts(data) == [*["agreed"] * 2, "errored", *["agreed"] * 2, "errored"]
    assert BREAKS[way] in reasons(data)[2]
    assert data["status"] == 3


def test_close_kills_children() -> None:
    consumer = Consumer(("sh", "-c", "read line; sleep 60 & echo $!; wait"))
    child = int(consumer.ask("hello\n", 10))
    consumer.close()
    deadline = time.monotonic() + 10
    while (state := process_state(child)) not in "Z" and time.monotonic() < deadline:
        time.sleep(0.01)  # it is killed, but may still have to run to end
    assert state in "Z"


def process_state(pid: int) -> str:
    """Return the state of a process, empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.parametrize("way", FORMS)
def test_run_malformed_answer(vectors: Path, way: str) -> None:
    """An answer of another form is an error, and the next case is sent."""
    data = report(vectors, way, "--restarts", "0")
    assert verdicts(data) == ["agreed", "agreed", "errored"] * 2
    assert data["status"] == 3


@pytest.mark.parametrize(
    ("way", "reason"),
    [("wrong", "expected mask"), ("wrong-hex", "expected hex")],
)
def test_run_wrong_answer(vectors: Path, way: str, reason: str) -> None:
    data = report(vectors, way)
    assert verdicts(data) == ["agreed", "agreed", "disagreed"] * 2
    assert reason in reasons(data)[2]
    assert data["status"] == 1


def test_run_two_replies(vectors: Path) -> None:
    """A second reply to a case is an error of the next case."""
    data = report(vectors, "twice")
    assert verdicts(data)[:4] == ["agreed", "agreed", "agreed", "errored"]
    assert data["status"] == 3


def test_run_skips_and_failures(vectors: Path) -> None:
    """Skipped and failed cases are reported with their reasons."""
    ran = run(vectors, "skips")
    assert ran.status == 0
    assert "     2  no \\x07bell" in ran.out
    assert "; 2 were skipped" in ran.out
    assert run(vectors, "skips", "--no-skips").status == 3
    data = report(vectors, "fails")
    assert verdicts(data) == ["agreed", "agreed", "errored"] * 2
    assert (data["status"], reasons(data)[2]) == (3, "lost")


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("hello-garbage", "not a JSON object"),
        ("hello-late", "no reply in 1.5 s"),
        ("hello-old", "speaks protocol 0, not 1"),
        ("hello-nameless", "no string 'name'"),
        ("hello-no-features", "no list 'features'"),
        ("hello-answer", "expected hello"),
    ],
)
def test_run_bad_hello(vectors: Path, way: str, reason: str) -> None:
    data = report(vectors, way)
    assert verdicts(data) == ["errored"] * CASES
    assert reason in reasons(data)[0]
    assert reasons(data)[2:] == ["not sent: the consumer failed 2 times before"] * (CASES - 2)
    assert data["status"] == 3


@pytest.mark.parametrize(
    ("way", "note"),
    [
        ("lingers", "did not end within 5 s"),
        ("unasked", "sent a line that no case asked for"),
        ("bad-end", "exited with status 3"),
    ],
)
def test_run_bad_exit(vectors: Path, way: str, note: str) -> None:
    data = report(vectors, way)
    assert verdicts(data) == ["agreed"] * CASES
    assert note in data["notes"][0]
    assert data["status"] == 3


def test_bad_consumer_ways_covered() -> None:
    asked = {*BREAKS, *FORMS, "wrong", "wrong-hex", "twice", "skips", "fails"}
    assert asked == WAYS.keys()
    assert all(name.startswith("hello-") for name in HELLOS)


def test_junit_counts(vectors: Path) -> None:
    path = vectors.with_name("junit.xml")
    for way, element in (("wrong", "failure"), ("fails", "error"), ("skips", "skipped")):
        run(vectors, way, "--junit", str(path))
        root = ElementTree.parse(path).getroot()
        assert root.attrib["tests"] == str(CASES)
        assert len(root.findall(f".//testcase/{element}")) == 2
        assert len(root.findall(".//testcase")) == CASES


ONE = ("--id", "decision-01-001")


@pytest.mark.parametrize(
    ("arguments", "status", "part"),
    [
        (("run",), 2, "no command - give one after --"),
        (("run", "--", "{}/missing/consumer"), 3, "cannot be started"),
        (("run", "--rule", "99", "--", "true"), 2, "no vector is selected"),
        (("run", "--vectors", "{}/missing", "--", "true"), 2, "{}/missing: No such file"),
        (("run", "--case-seconds", "-1", "--", "true"), 2, "--case-seconds"),
        (("run", "--json", "/proc/missing/x", *ONE, "--", "true"), 3, "/proc/missing/x"),
    ],
)
def test_errors_are_one_line(
    arguments: Sequence[str], status: int, part: str, tmp_path: Path
) -> None:
    ran = oracle(*(argument.format(tmp_path) for argument in arguments))
    assert (ran.status, ran.out) == (status, "")
    assert part.format(tmp_path) in ran.err
    assert ran.err.count("\n") == 1
