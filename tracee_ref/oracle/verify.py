# SPDX-License-Identifier: Apache-2.0
"""Verification of a corpus: hashes of its files, and the model's answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..errors import UsageCode, UsageError
from .inputs import read_input
from .protocol.catalogue import read_catalogue
from .protocol.encoding import MALFORMED, Data, FormatError
from .protocol.strict_json import parse_json
from .protocol.vector import load_vectors
from .reference.answers import model_answer
from .run.compare import difference


def changed_files(directory: Path) -> Iterator[str]:
    """Yield a line for each file that differs from its hash in ``about.json``."""
    for name, expected in read_about(directory)["files"].items():
        path = directory / name
        if not path.is_file():
            yield f"{name}: missing"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected.get("sha256"):
            yield f"{name}: changed"


def disagreements(directory: Path) -> Iterator[str]:
    """Yield a line for each vector that the model answers otherwise."""
    path = directory / "catalogue.json"
    try:
        catalogue = read_catalogue(parse_json(read_input(str(path), EXPECTED))["events"])
    except MALFORMED as error:
        raise UsageError(UsageCode.INPUT, f"{path}: no catalogue ({error}) - {EXPECTED}") from error
    for vector in load_vectors([directory]):
        try:
            answer = model_answer(vector.kind, vector.question, catalogue)
            wrong = difference(vector.kind, vector.expect, answer)
        except MALFORMED as error:
            wrong = f"malformed ({error})"
        if wrong:
            yield f"{vector.id}: {wrong}"


def read_about(directory: Path) -> Data:
    """Read ``about.json``; raise UsageError if the directory has none."""
    path = directory / "about.json"
    try:
        about = parse_json(read_input(str(path), EXPECTED))
        if not all(isinstance(file, dict) for file in about["files"].values()):
            raise FormatError("no files")
    except MALFORMED as error:
        raise UsageError(
            UsageCode.INPUT, f"{path}: cannot be read ({error}) - {EXPECTED}"
        ) from error
    return about


EXPECTED: Final = "give a corpus directory"
