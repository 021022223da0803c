# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/tutorial.md, run in order, and what they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.host_only, pytest.mark.usefixtures("kernel")]  # as a reader would

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "tutorial.md"
BLOCK = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
TIME = re.compile(r"\d\d:\d\d:\d\d:\d{6}")
NUMBER = re.compile(r"(?<![\w.])\d{2,}(?!\w)")
SECONDS = 120


def blocks() -> list[tuple[str, str]]:
    """Each block of the page as the shell text of its commands, and the output expected."""
    found = []
    for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        commands: list[str] = []
        output: list[str] = []
        for line in (line[4:] for line in block.splitlines()):
            if line.startswith("$ "):
                commands.append(line[2:])
            elif commands and not output and line.startswith("    "):
                commands[-1] += f"\n{line}"  # a command of several lines
            else:
                output.append(line)
        found.append(("\n".join(commands), "\n".join(output)))
    return found


def normalised(text: str) -> list[str]:
    """Sorted lines without times, ids and columns: two programs write at once.

    Masks stay, whose digits fill 16 places.
    """
    lines = (TIME.sub("TIME", line) for line in text.splitlines())
    numbers = (re.sub(NUMBER, lambda m: m[0] if len(m[0]) == 16 else "N", li) for li in lines)
    return sorted(" ".join(line.split()) for line in numbers if line.strip())


def test_tutorial_output() -> None:
    """One shell runs all commands of the page; each block prints what the page says."""
    pages = blocks()
    assert len(pages) > 6
    mark = "=== end of a block ==="
    script = "".join(f"{commands}\necho '{mark}'\n" for commands, _ in pages)
    bin_directory = Path(sys.executable).parent
    result = subprocess.run(
        ["sh", "-c", f"exec 2>&1\n{script}"],
        cwd=PROJECT,
        env=os.environ | {"PATH": f"{bin_directory}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    printed = result.stdout.split(f"{mark}\n")
    for (commands, expected), output in zip(pages, printed[:-1], strict=True):
        assert normalised(output) == normalised(expected), commands
