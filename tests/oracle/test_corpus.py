# SPDX-License-Identifier: Apache-2.0
"""Tests of the corpus: size, schema, origin and verification."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.oracle_command import oracle
from tracee_ref.oracle.protocol.messages import case_line
from tracee_ref.oracle.protocol.vector import CORPUS, SCHEMA, Vector, load_vectors

VALIDATOR = Draft202012Validator(json.loads((CORPUS / SCHEMA).read_text()))


@pytest.fixture(scope="module")
def vectors() -> list[Vector]:
    return [*load_vectors([CORPUS])]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CORPUS, tmp_path / "corpus"))


def lines() -> Iterator[Any]:
    for path in sorted(CORPUS.glob("*.jsonl")):
        yield from map(json.loads, path.read_text().splitlines())


def test_corpus_size(vectors: list[Vector]) -> None:
    kinds = Counter(one.kind for one in vectors)
    assert kinds["decision"] >= 2000
    assert kinds["grammar"] >= 300
    assert kinds["trace"] >= 200
    assert len({one.id for one in vectors}) == len(vectors)


def test_corpus_hand_written_per_rule(vectors: list[Vector]) -> None:
    by_hand = {one.rule for one in vectors if "generated" not in one.id}
    assert by_hand == {*range(1, 21)}
    assert {one.since for one in vectors} == {1}


def test_corpus_generated_balance(vectors: list[Vector]) -> None:
    """About half of the generated decisions match no scope."""
    generated = [one for one in vectors if one.id.startswith("decision-generated")]
    zero = sum(one.expect["mask"] == "0" for one in generated)
    assert 0.4 < zero / len(generated) < 0.6


def test_schema_accepts_corpus() -> None:
    Draft202012Validator.check_schema(VALIDATOR.schema)
    for line in lines():
        VALIDATOR.validate(line)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("expect", "mask"), 5),
        (("expect", "mask"), "0x5"),
        (("expect", "events"), []),
        (("question", "scopes", 0, "number"), 65),
        (("question", "scopes", 0, "filters"), [{"filter": "uid", "op": "=", "value": "5"}]),
        (("question", "scopes", 0, "filters"), [{"filter": "mntns", "op": "=", "value": 5}]),
        (("question", "scopes", 0, "filters"), [{"filter": "comm", "op": "<", "value": "a"}]),
        (("question", "event", "process", "uid"), 1 << 32),
        (("question", "event", "process", "mntns"), 3),
        (("question", "journal"), []),
        (("kind",), "trace"),
        (("rule",), 21),
        (("id",), None),
    ],
)
def test_schema_rejects_changes(path: tuple[Any, ...], value: Any) -> None:
    line = next(one for one in lines() if one["id"] == "decision-04-003")
    inner = line
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    assert not VALIDATOR.is_valid(line)


def test_corpus_numbers_fit_32_bits() -> None:
    for line in lines():
        assert all(abs(number) < 1 << 32 for number in numbers(line))


def test_case_lines_are_ascii(vectors: list[Vector]) -> None:
    """Some readers of lines end one at U+2028 too."""
    assert all(case_line(one).isascii() for one in vectors)


def numbers(data: Any) -> Iterator[int]:
    if isinstance(data, (dict, list)):
        for one in data.values() if isinstance(data, dict) else data:
            yield from numbers(one)
    elif isinstance(data, int):
        yield data


def test_corpus_frozen_and_reproducible(tmp_path: Path) -> None:
    assert oracle("vectors", "verify").status == 0
    oracle("vectors", "write", tmp_path)
    names = {path.name for path in CORPUS.iterdir()}
    assert {path.name for path in tmp_path.iterdir()} == names
    for name in names - {"about.json"}:  # which tells of the model as it is now
        assert (tmp_path / name).read_bytes() == (CORPUS / name).read_bytes(), name


def test_about_has_provenance() -> None:
    about = json.loads((CORPUS / "about.json").read_text())
    assert about["semantics"] == 1
    assert {"generator", "seed", "model", "files"} <= about.keys()
    assert sum(file.get("vectors", 0) for file in about["files"].values()) == len([*lines()])


def test_verify_changed_vector(copy: Path) -> None:
    path = copy / "decision.jsonl"
    first, rest = path.read_text().split("\n", 1)
    line = json.loads(first)
    line["expect"]["mask"] = "0"
    path.write_text(json.dumps(line) + "\n" + rest)
    ran = oracle("vectors", "verify", copy)
    assert ran.status == 1
    assert "decision.jsonl: changed" in ran.out
    assert f"{line['id']}: expected mask 0, got" in ran.out
    (copy / "trace.jsonl").unlink()
    assert "trace.jsonl: missing" in oracle("vectors", "verify", copy).out


def test_verify_error_names_line(copy: Path) -> None:
    (copy / "grammar.jsonl").write_text('{"id": "a"}\n')
    ran = oracle("vectors", "verify", copy)
    assert ran.status == 2
    assert "grammar.jsonl:1: not a vector" in ran.err
    assert oracle("vectors", "write").status == 2
