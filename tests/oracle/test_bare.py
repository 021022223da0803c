# SPDX-License-Identifier: Apache-2.0
"""Tests of the oracle on Python without any installed package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.traced_events import traced, written

PROJECT = Path(__file__).parents[2]
RUN = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); import tracee_ref.oracle.cli as cli"
BARE = (sys.executable, "-I", "-S", "-c")
REFERENCE = (
    f"import sys; sys.path.insert(0, {str(PROJECT)!r}); "
    "import runpy; runpy.run_module('tracee_ref.oracle.reference', run_name='__main__')"
)


def bare(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*BARE, f"{RUN}; cli.main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_bare_python_lacks_packages() -> None:
    for name in ("click", "msgspec", "pytest", "bcc"):
        ran = subprocess.run([*BARE, f"import {name}"], capture_output=True, check=False)
        assert ran.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("vectors", "verify"), "intact, and the model agrees"),
        (("check", "--scopes", "event=openat", "uid=0", "stream.json"), "verdict: agreed"),
        (
            ("explain", "-f", "event=openat", "-f", "uid=5", "stream.json"),
            "no  uid=5: the uid is 0 (rule 9)",
        ),
        (("diff-dialects",), "exec-makes-new"),
        (("run", "--", *BARE, REFERENCE), "all answers agree with the model"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_bare_commands(
    arguments: tuple[str, ...], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "stream.json", [traced("openat", 1)])
    ran = bare(*arguments)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert expected in ran.stdout


def test_bare_report_as_json(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    bare("run", "--json", str(report), "--id", "decision-04-003", "--", *BARE, REFERENCE)
    assert json.loads(report.read_text())["total"]["agreed"] == 1
