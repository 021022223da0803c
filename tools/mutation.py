# SPDX-License-Identifier: Apache-2.0
"""Mutation score of the vectors: the share of mutants of the model that they kill.

    tox -e mutation [TEST...]

mutmut changes a copy of the model in one place at a time, and only the vectors are asked; with
TESTs, those of the project are.  Survivors must be those explained in
docs/design/vector-strength.md, no fewer and no more.  Exit status 1 if not, or below ``GOAL``.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parent.parent
EXPLAINED: Final = PROJECT / "docs" / "design" / "vector-strength.md"
VECTORS: Final = ("tests/oracle/test_vectors_alone.py",)
GOAL: Final = 95.0
"""Per cent of the mutants that must be killed."""

MUTMUT: Final = (sys.executable, "-m", "mutmut")
CONFIGURATION: Final = """\
[mutmut]
source_paths=tracee_ref/model
also_copy=tracee_ref
pytest_add_cli_args_test_selection={}
"""
BLOCK: Final = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ALIVE: Final = "survived|no tests|timeout|suspicious"
NOT_KILLED: Final = re.compile(rf"^\s*(\S+): (?:{ALIVE})$", re.MULTILINE)
Survivor = tuple[str, ...]
"""The function, and the lines that the mutation takes out and puts in."""


def main(tests: Sequence[str]) -> int:
    """Run all mutants and print what survived and is not explained, and the score."""
    with tempfile.TemporaryDirectory(prefix="tracee-ref-mutation-") as directory:
        copy = Path(directory)
        prepare(copy, tests or VECTORS)
        run(copy, "run")
        survived = Counter(survivors(copy))
        run(copy, "export-cicd-stats")
        stats = json.loads((copy / "mutants" / "mutmut-cicd-stats.json").read_text())
    explained = Counter(blocks(EXPLAINED.read_text(encoding="utf-8")))
    for what, some in (("not explained", survived - explained), ("killed", explained - survived)):
        for survivor in some.elements():
            print(f"{what}:", *survivor, sep="\n    ")
    score = 100 * (stats["total"] - survived.total()) / stats["total"]
    print(f"{stats['total']} mutants, {survived.total()} survived: {score:.1f} % killed")
    return 1 if survived != explained or score < GOAL else 0


def prepare(copy: Path, tests: Sequence[str]) -> None:
    """Lay out the model, the tests and what they need."""
    package = "tracee_ref"  # copied with what its symbolic links name
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / package, copy / package, ignore=ignored)
    for name in tests:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, copy / name)
    (copy / "setup.cfg").write_text(CONFIGURATION.format(" ".join(tests)))


def run(copy: Path, *arguments: str) -> str:
    """Run mutmut; return what it said, which is shown if it fails."""
    ran = subprocess.run(
        [*MUTMUT, *arguments], cwd=copy, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        sys.exit(f"mutmut {' '.join(arguments)}: {ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return ran.stdout


def survivors(copy: Path) -> Iterator[Survivor]:
    """Give every mutant that was not killed."""
    for name in NOT_KILLED.findall(run(copy, "results")):
        lines = run(copy, "show", name).splitlines()
        yield function_of(name), *(line for line in lines if is_change(line))


def is_change(line: str) -> bool:
    """Whether a line of a diff is one that was taken out or put in."""
    return line[:1] in ("-", "+") and line[:3] not in ("---", "+++")


def function_of(mutant: str) -> str:
    """Return ``package.module.Class.method`` for the name that mutmut gives a mutant of it."""
    module, _, name = mutant.rpartition("__mutmut_")[0].rpartition(".")
    return f"{module}.{name.removeprefix('xǁ').removeprefix('x_').replace('ǁ', '.')}"


def blocks(text: str) -> Iterator[Survivor]:
    """Give the survivors of a page: the diffs in it, each with its function on the first line."""
    for block in BLOCK.findall(text):
        function, *lines = block.splitlines()
        yield function, *lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
