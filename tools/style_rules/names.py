# SPDX-License-Identifier: Apache-2.0
"""Rules 1, 3 and 10: module docstrings; names of headers, classes and constants.

That no module has the name of a package beside it is checked by ``tools/imports``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from style_rules.source import Message, Source

SUMMARY_CHARACTERS: Final = 80
TEST_NAME_CHARACTERS: Final = 50
RIDDLE: Final = re.compile(r"(What|Who|Whose|Where|Whether|Telling|How)\b")
REFUSED_CONSTANTS: Final = frozenset({"ALL", "REST", "TEXTS", "KINDS", "NOTHING", "END"})
CLASSES_OF: Final = ("model/", "tracee_ref/")
SHIM: Final = "bpf/shim/"
"""Headers named as BCC includes them: the kernel's names, not ours."""


def check(sources: Iterable[Source]) -> Iterator[Message]:
    """Yield the violations of rules 1, 3 and 10."""
    headers: dict[str, str] = {}
    classes: dict[str, str] = {}
    for source in sources:
        name = source.name
        if name.startswith("bpf/") and source.suffix == ".h" and not name.startswith(SHIM):
            first = headers.setdefault(Path(name).name, name)
            if first != name:
                yield Message(name, 1, 3, f"the header's name is that of {first} too")
        if source.suffix != ".py":
            continue
        yield from module_docstring(source)
        yield from constants(source)
        if name.startswith(CLASSES_OF):
            yield from public_classes(source, classes)
        yield from test_names(source)


def module_docstring(source: Source) -> Iterator[Message]:
    """Yield what is wrong with the first lines of a module."""
    docstring = ast.get_docstring(source.tree, clean=False)
    if docstring is None:
        yield Message(source.name, 1, 1, "the module has no docstring")
        return
    line = source.tree.body[0].lineno
    summary, _, rest = docstring.partition("\n")
    if len(summary) > SUMMARY_CHARACTERS:
        text = f"the summary has {len(summary)} characters; {SUMMARY_CHARACTERS} are allowed"
        yield Message(source.name, line, 1, text)
    if not summary.strip():
        yield Message(source.name, line, 1, "the docstring does not begin on its first line")
    elif rest.partition("\n")[0].strip():
        yield Message(source.name, line + 1, 1, "the summary is not followed by a blank line")
    if word := RIDDLE.match(summary):
        yield Message(
            source.name, line, 1, f"the summary begins with {word[0]}; write a noun phrase"
        )


def constants(source: Source) -> Iterator[Message]:
    """Yield each assignment to a refused name at the level of a module or a class."""
    bodies = [node.body for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    for statement in (node for body in (source.tree.body, *bodies) for node in body):
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        for node in (node for target in targets for node in ast.walk(target)):
            if isinstance(node, ast.Name) and node.id in REFUSED_CONSTANTS:
                text = f"the name of constant {node.id} does not say what it is"
                yield Message(source.name, node.lineno, 3, text)


def public_classes(source: Source, seen: dict[str, str]) -> Iterator[Message]:
    """Yield classes whose names are in ``seen``; add the others, with their files."""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            first = seen.setdefault(node.name, f"{source.name}:{node.lineno}")
            if first != f"{source.name}:{node.lineno}":
                text = f"class {node.name} has the name of the one at {first}"
                yield Message(source.name, node.lineno, 3, text)


def test_names(source: Source) -> Iterator[Message]:
    """Yield test functions with names that are too long."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        if len(node.name) > TEST_NAME_CHARACTERS:
            allowed = f"{TEST_NAME_CHARACTERS} are allowed"
            text = f"{node.name} has {len(node.name)} characters; {allowed}"
            yield Message(source.name, node.lineno, 10, text)
