# SPDX-License-Identifier: Apache-2.0
"""Test vectors: a question and its answer, one JSON object a line.

The format is described in docs/reference/vectors.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...errors import UsageCode, UsageError
from ..inputs import read_input
from .encoding import Data
from .strict_json import parse_json

SEMANTICS: Final = 1
"""Version of the semantics that the corpus tests; a vector is never edited in place."""

CORPUS: Final = Path(__file__).parents[1] / "vectors" / f"v{SEMANTICS}"
SCHEMA: Final = "vector.schema.json"
VECTOR_KINDS: Final = ("decision", "selection", "grammar", "trace", "text")


@dataclass(frozen=True)
class Vector:
    """A question with its expected answer.

    ``rule`` is a number of docs/reference/semantics.md, ``features`` are those that a consumer
    needs to answer, ``since`` is the version of the semantics that added the vector, and ``why``
    is a sentence for people.
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
    """Encode a vector."""
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
    """Decode a vector; raise TypeError or KeyError for data of another form."""
    vector = Vector(**(data | {"features": tuple(data["features"])}))
    for name, kind in FIELD_TYPES.items():
        if type(getattr(vector, name)) is not kind:
            raise TypeError(f"{name} is no {kind.__name__}")
    if vector.kind not in VECTOR_KINDS or not all(isinstance(f, str) for f in vector.features):
        raise TypeError("its kind or a feature is unknown")
    return vector


FIELD_TYPES: Final = {
    **dict.fromkeys(("id", "kind", "why"), str),
    **dict.fromkeys(("rule", "since"), int),
    **dict.fromkeys(("question", "expect"), dict),
}


def dump_line(data: Data) -> str:
    """Return one line of compact ASCII JSON."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=True) + "\n"


def load_vectors(paths: Iterable[Path]) -> Iterator[Vector]:
    """Read vectors from files and directories; raise UsageError for an invalid file."""
    for path in paths:
        files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not files:
            raise UsageError(UsageCode.INPUT, f"{path}: no vectors (*.jsonl) in this directory")
        for file in files:
            yield from load_file(file)


def load_file(path: Path) -> Iterator[Vector]:
    """Read one file of vectors."""
    lines = read_input(str(path), "give a file of vectors").rstrip(b"\n").split(b"\n")
    for number, line in enumerate(lines, start=1):
        try:
            yield read_vector(parse_json(line))
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(
                UsageCode.INPUT,
                f"{path}:{number}: not a vector ({error}) - see docs/reference/vectors.md",
            ) from error
