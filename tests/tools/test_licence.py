# SPDX-License-Identifier: Apache-2.0
"""SPDX lines: every source file has one, bpf/ that of the kernel side."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]
SUFFIXES: Final = frozenset({".c", ".h", ".js", ".mjs", ".py", ".sh"})
LINES: Final = 2
"""A script has its interpreter before the licence."""


def test_licence_lines() -> None:
    """A file without the line of its directory, Apache-2.0 or the kernel side's choice of two."""
    wrong = [file for file in sources() if expected(file) not in first_lines(file)]
    assert wrong == []


def test_licence_texts() -> None:
    """The licences that the lines name are in the repository."""
    assert "Apache License" in (PROJECT / "LICENSE").read_text()
    assert "Version 2, June 1991" in (PROJECT / "bpf" / "LICENSE.GPL-2.0-only").read_text()


def sources() -> list[Path]:
    """Return the tracked sources and scripts."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    files = map(Path, listed.stdout.splitlines())
    return [file for file in files if (PROJECT / file).is_file() and is_source(file)]


def is_source(file: Path) -> bool:
    return file.suffix in SUFFIXES or (PROJECT / file).read_bytes().startswith(b"#!")


def first_lines(file: Path) -> list[str]:
    """Return the first lines without the marks of a comment."""
    lines = (PROJECT / file).read_text(encoding="utf-8").splitlines()[:LINES]
    return [line.removeprefix("/*").removesuffix("*/").strip(" /#") for line in lines]


def expected(file: Path) -> str:
    kernel_side = "GPL-2.0-only OR Apache-2.0"
    in_kernel = file.parts[0] == "bpf" or file.name.endswith(".bpf.c")
    licence = kernel_side if in_kernel else "Apache-2.0"
    return f"SPDX-License-Identifier: {licence}"
