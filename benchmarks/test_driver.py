# SPDX-License-Identifier: Apache-2.0
"""Test of ``make bench``: every measurement runs once, with small counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(os.geteuid() != 0, reason="tracing needs root")
def test_driver_all_measurements(tmp_path: Path) -> None:
    """All parts give figures, and no event is lost."""
    figures, report = tmp_path / "figures.json", tmp_path / "report.md"
    outputs = ["--json", str(figures), "--table", str(report)]
    argv = [sys.executable, "-m", "benchmarks", "--tiny", *outputs]
    subprocess.run(argv, check=True, capture_output=True, cwd=Path(__file__).parents[1])
    measured = json.loads(figures.read_text())
    assert all(row["ns"] > 0 for row in measured["hooks"])
    assert all(row["median"] >= row["ns"] > 0 for row in measured["programs"])
    assert all(0 < row["verified"] < 20_000 for row in measured["kinds"])
    assert all(row["seen"] == row["delivered"] > 0 == row["lost"] for row in measured["events"])
    assert [row["buffer_mib"] for row in measured["bursts"]] == [1, 8, 32, 128, 512]
    ours = [row for row in measured["peers"] if row["tracer"].startswith("tracee-ref")]
    assert all(row["shown"] >= (row["expected"] or 1) for row in ours)
    assert measured["start"]["rss"] > 0
    assert all(f"| {row['tracer']} |" in report.read_text() for row in ours)
