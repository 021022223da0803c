# SPDX-License-Identifier: Apache-2.0
"""docs/design/properties.md lists every property and proof, and no other."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = TESTS.parent / "docs" / "design" / "properties.md"
PROOFS = ("test_proof.py", "test_proof_tables.py")


def test_property_table_is_complete() -> None:
    files = [*TESTS.rglob("test_*properties.py"), *TESTS.rglob("test_flag_laws.py")]
    laws = {name for file in files for name in names_in(file, given=True)}
    proofs = {name for file in PROOFS for name in names_in(TESTS / "model" / file, given=False)}
    listed = re.findall(r"\| (\S+::\S+) \|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == laws | proofs


def names_in(file: Path, *, given: bool) -> list[str]:
    """The tests of a file; with ``given`` those that Hypothesis runs."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [
        f"{file.relative_to(TESTS)}::{test.name}"
        for test in tests
        if test.name.startswith("test_") and (not given or any(map(_is_given, test.decorator_list)))
    ]


def _is_given(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).startswith("given(")
