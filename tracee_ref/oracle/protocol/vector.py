"""A vector: a question with its answer, one JSON object a line (docs/reference/vectors.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...errors import UsageError
from .encoding import Data

SEMANTICS: Final = 1
"""The version of the semantics that this corpus is of; a vector is never edited in place."""

CORPUS: Final = Path(__file__).parents[1] / "vectors" / f"v{SEMANTICS}"
SCHEMA: Final = "vector.schema.json"
KINDS: Final = ("decision", "selection", "grammar", "trace")


@dataclass(frozen=True)
class Vector:
    """A case: ``rule`` is that of the semantics page, ``features`` what it takes to answer.

    ``since`` is the version of the semantics that it came with, ``why`` what it is about.
    """

    id: str
    kind: str
    rule: int
    features: tuple[str, ...]
    question: dict[str, Data]
    expect: dict[str, Data]
    since: int = SEMANTICS
    why: str = ""


def vector_data(vector: Vector) -> Data:
    """Return a vector for JSON."""
    data = {
        "id": vector.id,
        "kind": vector.kind,
        "rule": vector.rule,
        "features": sorted(vector.features),
        "since": vector.since,
        "why": vector.why,
        "question": vector.question,
        "expect": vector.expect,
    }
    return data if vector.why else {key: value for key, value in data.items() if key != "why"}


def read_vector(data: Data) -> Vector:
    """Return a vector; TypeError or KeyError if the object is none."""
    return Vector(**(data | {"features": tuple(data["features"])}))


def dump_line(data: Data) -> str:
    """Return one line of JSON, the same on every machine."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=True) + "\n"


def load_vectors(paths: Iterable[Path]) -> Iterator[Vector]:
    """Read files of vectors, and directories of such files; UsageError names what is wrong."""
    for path in paths:
        files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not files:
            raise UsageError(f"{path}: no vectors (*.jsonl) in this directory")
        for file in files:
            yield from load_file(file)


def load_file(path: Path) -> Iterator[Vector]:
    """Read one file of vectors."""
    try:
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}) - give a file of vectors") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield read_vector(json.loads(line))
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(
                f"{path}:{number}: no vector ({error}) - see docs/reference/vectors.md"
            ) from error
