# SPDX-License-Identifier: Apache-2.0
"""Import graph of the repository's Python packages, read by ``ast``.

Nothing is imported: a module that needs BCC or root is read like any other.  Imports inside of
functions and under ``if TYPE_CHECKING`` are edges too: they order the modules just as much.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

Successors = Mapping[str, Iterable[str]]


@dataclass(frozen=True, order=True)
class Import:
    """An import statement: importing module, line, and imported module."""

    importer: str
    line: int
    imported: str


@dataclass(frozen=True)
class Graph:
    """Modules with their files, imports between them, and imports of anything else."""

    modules: Mapping[str, Path]
    imports: tuple[Import, ...]
    external: tuple[Import, ...]

    @classmethod
    def read(cls, root: Path, files: Iterable[Path]) -> Graph:
        """Parse ``files``, which are relative to ``root``."""
        modules = {module_name(file): file for file in files}
        statements = {
            Import(module, line, within(name, modules))
            for module, file in modules.items()
            for line, name in imported_names(module, root / file)
        }
        ours = {item for item in statements if item.imported in modules}
        return cls(modules, tuple(sorted(ours)), tuple(sorted(statements - ours)))


def module_name(file: Path) -> str:
    """Return the dotted name of a module; of a package for its ``__init__.py``.

    ``model/`` is the package ``tracee_ref.model``, by a symbolic link.
    """
    parts = file.with_suffix("").parts
    inside = ("tracee_ref", *parts) if parts[0] == "model" else parts
    return ".".join(inside).removesuffix(".__init__")


def imported_names(module: str, file: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the absolute dotted name of everything that a file imports."""
    package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{origin}.{alias.name}"


def within(name: str, modules: Iterable[str]) -> str:
    """Return the longest prefix of a dotted name that is a module; the name if none is."""
    prefix = name
    while prefix and prefix not in modules:
        prefix = prefix.rpartition(".")[0]
    return prefix or name


def components(successors: Successors) -> list[list[str]]:
    """Return the strongly connected components, each after those that it leads to (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(successors.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            start = stack.index(node)
            found.append(sorted(stack[start:]))
            del stack[start:]

    for node in sorted(successors):
        if node not in index:
            visit(node)
    return found


def depths(successors: Successors) -> dict[str, int]:
    """Return the longest way down from each node, in edges; a cycle counts as one node."""
    depth: dict[str, int] = {}
    for component in components(successors):
        below = {other for node in component for other in successors.get(node, ())}
        level = max((depth[other] + 1 for other in below - set(component)), default=0)
        depth.update(dict.fromkeys(component, level))
    return depth


def reduced(successors: Successors) -> dict[str, set[str]]:
    """Return the edges that no longer way implies (transitive reduction of an acyclic graph)."""
    reachable: dict[str, set[str]] = {}
    for (node,) in components(successors):
        nodes = set(successors.get(node, ()))
        reachable[node] = nodes.union(*(reachable[other] for other in nodes))
    return {
        node: {
            other
            for other in successors.get(node, ())
            if not any(other in reachable[through] for through in successors[node])
        }
        for node in reachable
    }
