# SPDX-License-Identifier: Apache-2.0
"""``tools/imports`` on a copy of this repository's modules with planted faults."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
Plant = Callable[[dict[str, str]], list[str]]


def run(root: Path, *options: str) -> tuple[int, list[str]]:
    """Run the tool on a tree; return its exit status and the lines that it prints."""
    command = [str(PROJECT / "tools" / "imports"), "--root", str(root), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with this one's modules."""
    root = tmp_path_factory.mktemp("tree")
    for package in ("model", "tracee_ref", "vmtests"):
        only = shutil.ignore_patterns("__pycache__", "vectors", "*.json")
        shutil.copytree(PROJECT / package, root / package, symlinks=True, ignore=only)
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    return root


@pytest.fixture
def plant(tree: Path, request: pytest.FixtureRequest) -> Plant:
    """Add modules to the tree for one test; return the messages of the tool."""

    def planted(texts: dict[str, str]) -> list[str]:
        for name, text in texts.items():
            path = tree / name
            assert not path.exists()
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            request.addfinalizer(path.unlink)
        subprocess.run(["git", "add", "."], cwd=tree, check=True)
        status, lines = run(tree)
        assert status == 1
        return lines

    return planted


def test_imports_clean_tree(tree: Path) -> None:
    assert run(tree) == (0, [])


def test_imports_cycle(plant: Plant) -> None:
    """Both edges of a cycle are printed, also that of an import inside of a function."""
    late = "def late():\n    from tracee_ref.model import second\n"
    lines = plant({"model/first.py": late, "model/second.py": "import tracee_ref.model.first\n"})
    assert lines == [
        "model/first.py:2: import cycle: tracee_ref.model.first imports tracee_ref.model.second",
        "model/second.py:1: import cycle: tracee_ref.model.second imports tracee_ref.model.first",
    ]


def test_imports_upward_edge(plant: Plant) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from tracee_ref import session"
    assert plant({"model/upward.py": text}) == [
        "model/upward.py:3: upward import: tracee_ref.model.upward imports tracee_ref.session"
    ]


def test_imports_same_level(plant: Plant) -> None:
    """Rooms of one level may not import one another: the picture would need a sideways arrow."""
    assert plant({"tracee_ref/events/side.py": "from ..containers import cgroups\n"}) == [
        "tracee_ref/events/side.py:1: upward import: "
        "tracee_ref.events.side imports tracee_ref.containers.cgroups"
    ]


def test_imports_bcc_outside_kernel(plant: Plant) -> None:
    lines = plant({"tracee_ref/output/bcc_user.py": "import bcc.libbcc\n"})
    assert lines == [
        "tracee_ref/output/bcc_user.py:1: "
        "tracee_ref.output.bcc_user imports bcc: only tracee_ref.kernel may"
    ]


def test_imports_bcc_in_kernel(plant: Plant) -> None:
    lines = plant({"tracee_ref/kernel/bcc_user.py": "import bcc\nfrom tracee_ref import cli\n"})
    assert len(lines) == 1
    assert "upward import" in lines[0]


def test_imports_unlisted_room(plant: Plant) -> None:
    assert plant({"tracee_ref/attic/__init__.py": ""}) == [
        "tracee_ref/attic/__init__.py:1: room attic is not in the table LEVELS of tools/imports"
    ]


def test_imports_absent_room(tree: Path) -> None:
    path = tree / "tracee_ref" / "cli.py"
    text = path.read_text()
    path.unlink()
    try:
        status, lines = run(tree)
    finally:
        path.write_text(text)
    assert status == 1
    assert "tools/imports.py:1: room cli of the table LEVELS does not exist" in lines


def test_imports_duplicate_name(plant: Plant) -> None:
    lines = plant({"tracee_ref/kernel/maps.py": ""})
    assert len(lines) == 1
    assert "rule 3" in lines[0]


def test_imports_package_without_init(plant: Plant) -> None:
    """A pattern in .gitignore once kept such a file out of the repository."""
    assert plant({"tracee_ref/kernel/dist/new.py": ""}) == [
        "tracee_ref/kernel/dist/__init__.py:1: the package has modules, but not this file"
    ]


def test_imports_summary(tree: Path) -> None:
    status, lines = run(tree, "--summary")
    assert status == 0
    assert [line.partition(":")[0] for line in lines[:3]] == ["modules", "rooms", "0"]


def test_imports_mermaid(tree: Path) -> None:
    """The diagram has an edge to a direct neighbour and none that a longer way implies."""
    status, lines = run(tree, "--mermaid")
    assert (status, lines[0]) == (0, "flowchart TD")
    assert "    vmtests --> cli" in lines
    assert "    cli --> model" not in lines
