# SPDX-License-Identifier: Apache-2.0
"""Tests that built-in signatures cannot harm the process of the tracer."""

from __future__ import annotations

import ast
import copy
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.signatures.test_signatures import FOUND, NOT_FOUND, SIGNATURES
from tracee_ref.events.event import TraceEvent
from tracee_ref.signatures import builtin
from tracee_ref.signatures.builtin.helpers import FileSignature
from tracee_ref.signatures.registry import BUILTIN

MODULES = sorted(Path(builtin.__file__).parent.glob("*.py"))
IMPORTED = {"__future__", "abc", "collections.abc", "typing", "os", "re"}
"""Modules; others are the tracer's own.  Of os, the constants of open(2)."""

CALLED = {"open", "exec", "eval", "compile", "input", "print", "iter", "__import__"}
CPU_SECONDS_MAX = 0.002
"""For the longest path; a plain path takes a thousandth of it."""

PATH_BYTES = 4096


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_builtin_code(path: Path) -> None:
    """There is no loop without a collection, no file, no process, and no other library."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        assert not isinstance(node, ast.While | ast.Global | ast.AsyncFunctionDef)
        if isinstance(node, ast.Import):
            assert {name.name for name in node.names} <= IMPORTED
        if isinstance(node, ast.ImportFrom) and not node.level:
            constants = all(name.name.isupper() for name in node.names)
            assert node.module in IMPORTED or constants
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            assert node.id not in CALLED or node.id == "iter"
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "os":
            assert node.attr.startswith("O_")


@pytest.mark.parametrize(("signature", "event"), [*FOUND, *NOT_FOUND])
def test_builtin_keeps_event(signature: str, event: TraceEvent) -> None:
    """An event stays as it is, and has one finding at most."""
    args = {argument.name: argument.value for argument in event.args}
    before = copy.deepcopy((event, args))
    assert len([*SIGNATURES[signature]().on_event(event, args)]) <= 1
    assert (event, args) == before


PATTERNS = {kind.event: kind.path for kind in BUILTIN.values() if issubclass(kind, FileSignature)}
HEADS = ("", "/lib/", "/usr/lib64/", "/lib/ld-", "/lib/ld-musl-", "/etc/", "/proc/1/task/")
PARTS = ("/", "a/", "x", "1", ".so", "ld-", "/ld-.so", "/lib/", "/proc/1/", "task/1/", "/etc/cron")


def long_paths() -> Iterator[str]:
    for head in HEADS:
        for part in PARTS:
            for tail in ("", "/", "\n"):
                yield (head + part * PATH_BYTES)[: PATH_BYTES - len(tail)] + tail


@pytest.mark.parametrize("event", PATTERNS)
def test_builtin_pattern_cost(event: str) -> None:
    """No path makes a pattern backtrack: an attacker chooses the path of every open."""
    slow = [path for path in long_paths() if cpu_seconds(PATTERNS[event], path) > CPU_SECONDS_MAX]
    slow = [path for path in slow if cpu_seconds(PATTERNS[event], path) > CPU_SECONDS_MAX]
    assert not slow


def cpu_seconds(pattern: re.Pattern[str], path: str) -> float:
    start = time.process_time()
    pattern.fullmatch(path)
    return time.process_time() - start
