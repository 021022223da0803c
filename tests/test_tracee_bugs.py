# SPDX-License-Identifier: Apache-2.0
"""Table of Tracee v0.12's bugs: each has a test, or a reason why there is none."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

from tracee_ref.errors import UsageError
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.filters.parse import parse_filters

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "design" / "tracee-v0.12-bugs.md"
ROWS: Final = 38
"""Bugs in docs/design/tracee-v0.12-facts.md, section 6."""

WITHOUT_TEST: Final = 4
"""Rows that do not apply to this tracer."""


def rows() -> list[tuple[str, list[str]]]:
    """Each row's topic and tests."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]
    return [(topic, tests.split()) for topic, _, tests in cells]


def names_of_tests(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    names = (node.name for node in tree.body if isinstance(node, ast.FunctionDef))
    return {f"{file}::{name}" for name in names if name.startswith("test_")}


def test_bug_table_names_tests() -> None:
    """Every row has a test that exists."""
    topics = [topic for topic, _ in rows()]
    assert len(set(topics)) == len(topics) == ROWS
    named = {test for _, tests in rows() for test in tests}
    files = {test.partition("::")[0] for test in named}
    assert named <= set().union(*map(names_of_tests, files))
    assert sum(not tests for _, tests in rows()) == WITHOUT_TEST


def test_bug_table_is_complete() -> None:
    """The tests of bugs are all named."""
    named = {test for _, tests in rows() for test in tests}
    assert names_of_tests("vmtests/test_tracee_bugs.py") <= named


@pytest.mark.parametrize(
    "flag",
    ["event", "set", "e", "s", "comm=a,", "comm=a,,b", "!", "2:!", "!=", "!container=x", "!c",
     "comm=b*h", "uts=*", "65:comm=a", "0:comm=a", "event=fs", "event=default"],
)  # fmt: skip
def test_flags_that_panicked(flag: str) -> None:
    """Flags that made Tracee v0.12 panic, or that it misunderstood or ignored, are errors."""
    with pytest.raises(UsageError, match=r"\S"):
        parse_filters([flag], load_catalogue())
