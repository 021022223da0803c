# SPDX-License-Identifier: Apache-2.0
"""Tracked files, and the prose in them: comments, docstrings and pages.

What lies below ``FROZEN`` is data that other implementations hold copies of: it is not checked.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

FROZEN: Final = ("tracee_ref/oracle/vectors/", "tests/data/", "vmtests/data/")
C_LIKE: Final = frozenset({".c", ".h", ".js", ".mjs"})
HASH_COMMENTS: Final = frozenset({"", ".cfg", ".ini", ".sh", ".toml", ".txt", ".yaml", ".yml"})
C_TOKEN: Final = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*(?:\n[ \t]*//[^\n]*)*)"""
    r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""",
    re.DOTALL,
)
HASH_COMMENT: Final = re.compile(r"(?m)^[ \t]*(#[^\n]*(?:\n[ \t]*#[^\n]*)*)|(?<=\s)#\s[^\n]*")
MARKERS: Final = re.compile(r"(?m)^[ \t]*(?:#+|//+|/?\*+(?!\w))[ \t]?|\*/")
FENCE: Final = re.compile(r"(?m)^( *)```.*?^\1```$", re.DOTALL)


@dataclass(frozen=True)
class Message:
    """A violation: file, line, number of the rule, and what is wrong."""

    file: str
    line: int
    rule: int
    text: str

    def __str__(self) -> str:
        """Return the form that editors jump by."""
        return f"{self.file}:{self.line}: rule {self.rule}: {self.text}"


@dataclass(frozen=True)
class Prose:
    """A comment, a docstring, or a page without its code blocks; ``line`` is that of its start."""

    line: int
    text: str

    def line_of(self, position: int) -> int:
        """Return the line of the file for an index into the text."""
        return self.line + self.text.count("\n", 0, position)


@dataclass(frozen=True)
class Source:
    """A tracked file with its text."""

    name: str
    text: str

    @property
    def suffix(self) -> str:
        """Return the suffix, with its dot."""
        return Path(self.name).suffix

    @cached_property
    def tree(self) -> ast.Module:
        """Return the syntax tree of a Python file."""
        return ast.parse(self.text)

    @cached_property
    def prose(self) -> tuple[Prose, ...]:
        """Return what the file says to people, but for its messages."""
        if self.suffix == ".py":
            return (*docstrings(self.tree), *python_comments(self.text))
        if self.suffix in C_LIKE:
            return tuple(matched(self.text, C_TOKEN, "comment"))
        if self.suffix in HASH_COMMENTS:
            return tuple(matched(self.text, HASH_COMMENT, 0))
        if self.suffix == ".md":
            return (Prose(1, FENCE.sub(lambda found: "\n" * found[0].count("\n"), self.text)),)
        return ()


def tracked(root: Path) -> list[Source]:
    """Return the text files that git tracks in a work tree, without symbolic links."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    )
    sources = []
    for name in sorted(listed.stdout.split("\0")):
        path = root / name
        if name and path.is_file() and not path.is_symlink() and not name.startswith(FROZEN):
            try:
                sources.append(Source(name, path.read_text(encoding="utf-8")))
            except UnicodeDecodeError:
                continue  # not text
    return sources


def docstrings(tree: ast.Module) -> Iterator[Prose]:
    """Yield docstrings, also those below constants and fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            text = node.value.value
            if isinstance(text, str):
                yield Prose(node.lineno, text)


def python_comments(text: str) -> Iterator[Prose]:
    """Yield comments; consecutive lines of comment are one."""
    start, lines = 0, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        if lines and (token.start[0] != start + len(lines) or token.line[: token.start[1]].strip()):
            yield Prose(start, "\n".join(lines))
            lines = []
        start = start if lines else token.start[0]
        lines.append(MARKERS.sub("", token.string))
    if lines:
        yield Prose(start, "\n".join(lines))


def matched(text: str, pattern: re.Pattern[str], group: str | int) -> Iterator[Prose]:
    """Yield what a pattern for comments finds, without the signs that mark it as comment."""
    for found in pattern.finditer(text):
        if found[group]:
            line = 1 + text.count("\n", 0, found.start(group))
            yield Prose(line, MARKERS.sub("", found[group]))
