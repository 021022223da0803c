# SPDX-License-Identifier: Apache-2.0
"""Tests of the catalogue page: every event of Tracee v0.12, or why it is missing."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any, Final

import pytest

from tracee_ref.events.catalogue import all_events
from tracee_ref.signatures.registry import BUILTIN

SCRIPT = Path(__file__).parents[2] / "tools" / "make_catalogue_page.py"
REMEDY = "run .venv/bin/python tools/make_catalogue_page.py"
TRACEE_EVENTS: Final = 543
"""Events of Tracee v0.12 besides its 30 signatures (Tracee v0.12 facts, 5.1)."""


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def test_page_up_to_date(script: dict[str, Any]) -> None:
    """The page is the output of its script."""
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"](), REMEDY


def test_page_reasons(script: dict[str, Any]) -> None:
    """Every event is available, or has a reason."""
    missing = {event.name for event in all_events().values() if not event.available}
    assert set(script["MISSING"]) == missing, "take the reasons of new events out of the script"
    assert all(script["MISSING"].values())


def test_page_events(script: dict[str, Any]) -> None:
    """The page has all events and signatures."""
    parts = re.split(r"^## .*\n", script["page"](), flags=re.MULTILINE)[1:]
    calls, new, others, later, signatures = parts
    row = re.compile(r"^\| \d+ \| (\w+)", re.MULTILINE)
    named = [*re.split(r",\s+", calls.strip()), *row.findall(others)]
    assert len(named) == TRACEE_EVENTS
    assert sorted([*named, *row.findall(new), *row.findall(later)]) == sorted(all_events())
    assert len(row.findall(signatures)) == 30


def test_page_signature_ids(script: dict[str, Any]) -> None:
    """Built-in signatures have the ids of Tracee v0.12."""
    for number, kind in BUILTIN.items():
        assert script["SIGNATURES"][number][0] == kind.event
