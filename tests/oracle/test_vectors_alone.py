# SPDX-License-Identifier: Apache-2.0
"""The vectors over the model, and nothing else: what ``tox -e mutation`` asks each mutant."""

from __future__ import annotations

from tracee_ref.oracle.protocol.vector import CORPUS
from tracee_ref.oracle.verify import disagreements


def test_the_model_answers_every_vector() -> None:
    assert next(disagreements(CORPUS), None) is None
