# SPDX-License-Identifier: Apache-2.0
"""The checker of links: green on the repository, red on planted faults."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
TOOL = PROJECT / "tools" / "links.py"


def check(directory: Path) -> tuple[int, str]:
    result = subprocess.run(
        [sys.executable, TOOL], cwd=directory, capture_output=True, text=True, check=False
    )
    return result.returncode, result.stdout + result.stderr


def test_links_of_repository() -> None:
    """No page has a dead link, and no file names one that is not there."""
    assert check(PROJECT) == (0, "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[a](missing.md)", "no such page: missing.md"),
        ("[a](page.md#gone)", "no such heading: page.md#gone"),
        ("see `missing.py`", "no such file: missing.py"),
        ("see bpf/missing.h", "no such file: bpf/missing.h"),
        ("[a](page.md#a-heading), page.md, kernel/bpf/verifier.c", ""),
    ],
)
def test_links_planted(tmp_path: Path, line: str, message: str) -> None:
    """Each kind of dead name is found; good ones are not."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "page.md").write_text(f"# A heading\n\n{line}\n")
    status, output = check(tmp_path)
    assert status == bool(message)
    assert message in output
