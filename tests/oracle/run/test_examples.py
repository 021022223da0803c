# SPDX-License-Identifier: Apache-2.0
"""Tests of the consumers in ``examples/``, built and run as in the guide."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.oracle_command import oracle
from tracee_ref.oracle.protocol.vector import CORPUS, load_vectors

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    place = tmp_path_factory.mktemp("c") / "c"
    shutil.copytree(EXAMPLES / "c", place, ignore=shutil.ignore_patterns("consumer"))
    subprocess.run(["make", "-s", "consumer"], cwd=place, check=True)
    return [str(place / "consumer")]


@pytest.fixture
def in_javascript() -> list[str]:
    return ["node", str(EXAMPLES / "javascript" / "consumer.mjs")]


def totals(consumer: list[str], tmp_path: Path, status: int = 0) -> Any:
    path = tmp_path / "report.json"
    ran = oracle("run", "--json", path, "--", *consumer)
    assert ran.status == status, ran.out[-2000:]
    return json.loads(path.read_text())["total"]


def test_javascript_example(in_javascript: list[str], tmp_path: Path) -> None:
    everything = len([*load_vectors([CORPUS])])
    counts = {"agreed": everything, "disagreed": 0, "skipped": 0, "errored": 0}
    assert totals(in_javascript, tmp_path) == counts


def test_c_example(in_c: list[str], tmp_path: Path) -> None:
    kinds = [one.kind for one in load_vectors([CORPUS])]
    decisions = kinds.count("decision")
    counts = {"agreed": decisions, "skipped": len(kinds) - decisions}
    assert totals(in_c, tmp_path) == {"disagreed": 0, "errored": 0, **counts}


@pytest.mark.parametrize(
    ("language", "file", "good", "bad"),
    [
        ("c", "scopes.c", "*op == '!' ? !found : found", "found"),
        ("javascript", "scopes.mjs", " || character === '\\ufffd'", ""),
        ("javascript", "flags.mjs", "inner = unescape(", "inner = ("),
        ("javascript", "scopes.mjs", "(process.pid ?? 0) === value ||", ""),
    ],
)
def test_example_with_fault(tmp_path: Path, language: str, file: str, good: str, bad: str) -> None:
    """A fault in an example is found."""
    place = tmp_path / language
    shutil.copytree(EXAMPLES / language, place, ignore=shutil.ignore_patterns("consumer"))
    text = (place / file).read_text()
    assert good in text
    (place / file).write_text(text.replace(good, bad))
    if language == "c":
        subprocess.run(["make", "-s", "consumer"], cwd=place, check=True)
    command = {"c": ["./consumer"], "javascript": ["node", "consumer.mjs"]}[language]
    ran = oracle("run", "--", "sh", "-c", 'cd "$0" && exec "$@"', place, *command)
    assert ran.status == 1
    assert "disagreed" in ran.out


def test_guide_transcript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transcript in the guide is the output of a run."""
    page = (EXAMPLES.parent / "docs" / "guide" / "check-your-implementation.md").read_text()
    place = tmp_path / "c"
    shutil.copytree(EXAMPLES / "c", place, ignore=shutil.ignore_patterns("consumer"))
    text = (place / "scopes.c").read_text()
    condition = ' && (strcmp(key, "container") || json_get(process, "container"))'
    assert condition in text
    (place / "scopes.c").write_text(text.replace(condition, ""))
    subprocess.run(["make", "-s", "consumer"], cwd=place, check=True)
    monkeypatch.chdir(place)
    rules = ("--rule", "9", "--rule", "10", "--rule", "11")
    ran = oracle("run", "--show", "1", "--kind", "decision", *rules, "--", "./consumer")
    transcript = "".join(f"    {line}\n" if line else "\n" for line in ran.out.splitlines())
    assert transcript in page
    assert f"of all {len([*load_vectors([CORPUS])]):,} vectors" in page
