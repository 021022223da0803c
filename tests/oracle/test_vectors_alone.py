# SPDX-License-Identifier: Apache-2.0
"""Test of the model by the vectors only, as run by ``tox -e mutation``."""

from __future__ import annotations

from tracee_ref.oracle.protocol.vector import CORPUS
from tracee_ref.oracle.verify import disagreements


def test_model_answers_every_vector() -> None:
    assert next(disagreements(CORPUS), None) is None
