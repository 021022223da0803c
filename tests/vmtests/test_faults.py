# SPDX-License-Identifier: Apache-2.0
"""Seeded faults: each quotes a string that occurs once in its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmtests.faults.list import FAULTS, Fault

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_quote_occurs_once(fault: Fault) -> None:
    assert (PROJECT / fault.file).read_text(encoding="utf-8").count(fault.good) == 1


def test_fault_names_are_unique() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 25
