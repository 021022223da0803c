# SPDX-License-Identifier: Apache-2.0
"""Disagreements about decisions: their report, and regression vectors.

A vector is a JSON file in ``vmtests/regressions``.  A run writes one for each test that fails;
every kernel is tested with the committed ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tracee_ref.filters.format import format_scopes
from tracee_ref.model.facts import Process
from tracee_ref.model.scope import Scope
from vmtests.lab.wire import pack_questions, pack_scopes, unpack_questions, unpack_scopes

DIRECTORY = Path(__file__).parents[1] / "regressions"


def table(
    scopes: Sequence[Scope], event: str, process: Process, model: int, kernels: Mapping[str, int]
) -> str:
    """Return a report that begins with the name of a kernel: scopes, process, all masks."""
    wrong = [name for name, mask in kernels.items() if mask != model]
    bits = 0
    for name in wrong:
        bits |= kernels[name] ^ model
    lines = [f"{wrong[0]}: the matcher and the model disagree", "scopes concerned:"]
    lines += [f"    {flag}" for flag in flags_of([s for s in scopes if s.bit & bits])]
    lines += [f"event {event} of {process}", f"    {'model':<7} {model:016x}"]
    lines += [
        f"    {name:<7} {mask:016x}{'  <-' if name in wrong else ''}"
        for name, mask in kernels.items()
    ]
    return "\n".join(lines)


def flags_of(scopes: Sequence[Scope]) -> list[str]:
    """Return the scopes as flags; their repr if no flag can express their values."""
    try:
        return format_scopes(scopes)
    except ValueError:
        return [repr(scope) for scope in scopes]


def save(name: str, scopes: Sequence[Scope], number: int, process: Process, model: int) -> None:
    """Write a vector; the last call by Hypothesis has the smallest example of a test."""
    vector = {
        "description": [*flags_of(scopes), repr(process)],
        "scopes": pack_scopes(scopes),
        "questions": pack_questions([(number, process)]),
        "mask": f"{model:#x}",
    }
    path = DIRECTORY / f"{name}.json"
    path.write_text(json.dumps(vector, indent=1) + "\n", encoding="utf-8")


def saved() -> Iterator[tuple[str, tuple[Scope, ...], int, Process, int]]:
    """Yield name, scopes, event number, process and mask of each vector."""
    for path in sorted(DIRECTORY.glob("*.json")):
        vector = json.loads(path.read_text(encoding="utf-8"))
        ((number, process),) = unpack_questions(vector["questions"])
        yield path.stem, unpack_scopes(vector["scopes"]), number, process, int(vector["mask"], 16)
