# SPDX-License-Identifier: Apache-2.0
"""The picture of docs/design/architecture.md, drawn from the imports."""

from __future__ import annotations

import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "design" / "architecture.md"
FENCE = "```mermaid\n"


def test_architecture_picture() -> None:
    """The page has what ``tools/imports --mermaid`` prints."""
    drawn = subprocess.run(
        [PROJECT / "tools" / "imports", "--mermaid"], capture_output=True, text=True, check=True
    ).stdout
    picture = PAGE.read_text(encoding="utf-8").partition(FENCE)[2].partition("```")[0]
    assert picture == drawn, "put the output of tools/imports --mermaid between the fences"
