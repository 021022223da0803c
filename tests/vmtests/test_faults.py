# SPDX-License-Identifier: Apache-2.0
"""Seeded faults must find the place that they are about, also after the code was changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmtests.faults.list import FAULTS, Fault

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_its_place_is_there_once(fault: Fault) -> None:
    assert (PROJECT / fault.file).read_text(encoding="utf-8").count(fault.good) == 1


def test_there_are_enough_and_each_is_another() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 25
