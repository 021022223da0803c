# SPDX-License-Identifier: Apache-2.0
"""Verification of a corpus: hashes of its files, and the model's answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from ..errors import UsageCode, UsageError
from .protocol.catalogue import read_catalogue
from .protocol.encoding import Data
from .protocol.vector import load_vectors
from .reference.answers import model_answer
from .run.compare import difference


def changed_files(directory: Path) -> Iterator[str]:
    """Yield a line for each file that differs from its hash in ``about.json``."""
    for name, expected in read_about(directory)["files"].items():
        path = directory / name
        if not path.is_file():
            yield f"{name}: missing"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected["sha256"]:
            yield f"{name}: changed"


def disagreements(directory: Path) -> Iterator[str]:
    """Yield a line for each vector that the model answers otherwise."""
    events = json.loads((directory / "catalogue.json").read_text(encoding="utf-8"))["events"]
    catalogue = read_catalogue(events)
    for vector in load_vectors([directory]):
        answer = model_answer(vector.kind, vector.question, catalogue)
        if wrong := difference(vector.kind, vector.expect, answer):
            yield f"{vector.id}: {wrong}"


def read_about(directory: Path) -> Data:
    """Read ``about.json``; raise UsageError if the directory has none."""
    path = directory / "about.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            UsageCode.INPUT, f"{path}: cannot be read ({error}) - give a corpus directory"
        ) from error
