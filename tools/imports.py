#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Order of imports between the packages: no cycle, no upward edge.

    tools/imports [--summary | --mermaid] [--root DIRECTORY]

Without an option it is quiet and exits with 0, or prints ``file:line: message`` and exits with 1.
``--summary`` prints the levels and the number of edges, ``--mermaid`` the picture of
docs/design/architecture.md.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from import_graph import Graph, components, depths, reduced

PACKAGES: Final = ("model", "tracee_ref", "vmtests")

LEVELS: Final = (
    ("model", "strings", "abi"),
    ("errors",),
    ("clocks", "messages", "accounting", "events", "containers", "shares"),
    ("dependencies", "files", "procfs", "decode", "tables", "packets", "signals", "symbols"),
    ("filters", "derivation", "output", "command"),
    ("event_details", "help", "host_namespace", "kernel", "signatures", "pipeline"),
    ("existing_containers", "listing", "field_filters", "oracle", "run_plan"),
    ("privileges",),
    ("explain", "host_check", "session"),
    ("cli",),
    ("__main__",),
    ("vmtests",),
)
"""Rooms, lowest first: a module imports from its own room and from rooms of lower levels.

A room is ``model``, ``vmtests``, or a subpackage or module at the top of ``tracee_ref``.
"""

EXTERNAL: Final = {"bcc": ("tracee_ref.kernel",)}
"""Modules that are not ours -> packages that alone may import them."""

Rooms = Mapping[str, set[str]]


def main() -> int:
    """Check the tree, or print what is asked for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--summary", action="store_true", help="print levels and edges")
    output.add_argument("--mermaid", action="store_true", help="print a diagram of the rooms")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    options = parser.parse_args()
    listed = subprocess.run(
        ["git", "ls-files", "--", *(f"{package}/*.py" for package in PACKAGES)],
        cwd=options.root,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [Path(line) for line in listed.stdout.splitlines() if (options.root / line).exists()]
    graph = Graph.read(options.root, files)
    messages = sorted({*cycles(graph), *upward(graph), *foreign(graph), *names(files)})
    if options.summary:
        print(*summary(graph), sep="\n")
    elif options.mermaid and not messages:
        print(*mermaid(room_edges(graph)), sep="\n")
    print(*messages, sep="\n", end="\n" if messages else "")
    return 1 if messages else 0


def room_of(module: str) -> str:
    """Return the room of a module: its package, or within tracee_ref what stands below that."""
    parts = module.split(".")
    return parts[1] if parts[0] == "tracee_ref" and len(parts) > 1 else parts[0]


def room_edges(graph: Graph) -> Rooms:
    """Return each room with the other rooms that it imports from."""
    edges: dict[str, set[str]] = {room_of(module): set() for module in graph.modules}
    for item in graph.imports:
        edges[room_of(item.importer)].add(room_of(item.imported))
    edges.pop("tracee_ref", None)  # holds the version only
    return {room: others - {room, "tracee_ref"} for room, others in edges.items()}


def cycles(graph: Graph) -> Iterator[str]:
    """Yield a message for each import that closes a cycle of modules."""
    edges: dict[str, set[str]] = defaultdict(set)
    for item in graph.imports:
        if item.importer != item.imported:
            edges[item.importer].add(item.imported)
    for component in components(edges):
        for item in graph.imports:
            if item.importer != item.imported and {item.importer, item.imported} <= {*component}:
                where = f"{graph.modules[item.importer]}:{item.line}"
                yield f"{where}: import cycle: {item.importer} imports {item.imported}"


def upward(graph: Graph) -> Iterator[str]:
    """Yield a message for each import of a room that is not lower, and for unlisted rooms."""
    level = {room: number for number, rooms in enumerate(LEVELS) for room in rooms}
    rooms = {room_of(module): file for module, file in graph.modules.items()}
    for room, file in rooms.items():
        if room not in level and room != "tracee_ref":
            yield f"{file}:1: room {room} is not in the table LEVELS of tools/imports"
    for room in level.keys() - rooms.keys():
        yield f"tools/imports.py:1: room {room} of the table LEVELS does not exist"
    for item in graph.imports:
        importer, imported = room_of(item.importer), room_of(item.imported)
        known = importer in level and imported in level
        if known and importer != imported and level[importer] <= level[imported]:
            where = f"{graph.modules[item.importer]}:{item.line}"
            yield f"{where}: upward import: {item.importer} imports {item.imported}"


def foreign(graph: Graph) -> Iterator[str]:
    """Yield a message for each import of an external module by a package that may not."""
    for item in graph.external:
        module = item.imported.partition(".")[0]
        allowed = EXTERNAL.get(module, (item.importer,))
        if not any(f"{item.importer}.".startswith(f"{package}.") for package in allowed):
            where = f"{graph.modules[item.importer]}:{item.line}"
            yield f"{where}: {item.importer} imports {module}: only {' and '.join(allowed)} may"


def names(files: Iterable[Path]) -> Iterator[str]:
    """Yield a message for each package without ``__init__.py`` or with the name of a module."""
    seen: dict[str, Path] = {}
    for file in files:
        name = str(file.parent if file.name == "__init__.py" else file.with_suffix("")).lower()
        if name in seen:
            yield f"{file}:1: rule 3: the module's name is that of {seen[name]} too"
        seen.setdefault(name, file)
    for package in {file.parent for file in files} - {
        file.parent for file in files if file.name == "__init__.py"
    }:
        yield f"{package}/__init__.py:1: the package has modules, but not this file"


def summary(graph: Graph) -> Iterator[str]:
    """Yield lines with the numbers of modules, rooms, edges and levels."""
    rooms = room_edges(graph)
    edges = {(item.importer, item.imported) for item in graph.imports}
    by_module: dict[str, set[str]] = defaultdict(set)
    for importer, imported in edges:
        by_module[importer].add(imported)
    yield f"modules: {len(graph.modules)}, edges {len(edges)}, levels {height(by_module)}"
    yield f"rooms: {len(rooms)}, edges {sum(map(len, rooms.values()))}, levels {height(rooms)}"
    importers = Counter(room for others in rooms.values() for room in others)
    for number, names in enumerate(LEVELS):
        yield f"{number}: " + ", ".join(
            f"{name} (imports {len(rooms.get(name, ()))}, imported by {importers[name]})"
            for name in names
        )


def height(edges: Rooms) -> int:
    """Return the number of levels of a graph."""
    return max(depths(edges).values(), default=-1) + 1


def mermaid(rooms: Rooms) -> Iterator[str]:
    """Yield a Mermaid flowchart: the rooms by level, without edges that longer ways imply."""
    yield "flowchart TD"
    for number, names in reversed(list(enumerate(LEVELS))):
        yield f'    subgraph level{number}[" "]'
        yield from (f"        {name}" for name in names if name in rooms)
        yield "    end"
    for room, others in sorted(reduced(rooms).items()):
        yield from (f"    {room} --> {other}" for other in sorted(others))


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # quiet when piped into head
    sys.exit(main())
