# SPDX-License-Identifier: Apache-2.0
"""The catalogue page: every event of Tracee v0.12, here or the reason why not."""

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
UPSTREAM: Final = 543
"""Events that upstream's v0.12.0 defines besides its 30 signatures (facts, section 5.1)."""


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def test_the_page_is_what_its_script_makes(script: dict[str, Any]) -> None:
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"](), REMEDY


def test_every_event_is_here_or_has_a_reason(script: dict[str, Any]) -> None:
    missing = {event.name for event in all_events().values() if not event.available}
    assert set(script["MISSING"]) == missing, "take the reasons of new events out of the script"
    assert all(script["MISSING"].values())


def test_the_page_names_all_of_them(script: dict[str, Any]) -> None:
    calls, others, signatures = re.split(r"^## .*\n", script["page"](), flags=re.MULTILINE)[1:]
    row = re.compile(r"^\| \d+ \| (\w+)", re.MULTILINE)
    named = [*re.split(r",\s+", calls.strip()), *row.findall(others)]
    assert sorted(named) == sorted(all_events())
    assert len(named) == UPSTREAM
    assert len(row.findall(signatures)) == 30


def test_what_is_shipped_is_what_upstream_has_under_that_id(script: dict[str, Any]) -> None:
    for number, kind in BUILTIN.items():
        assert script["SIGNATURES"][number][0] == kind.event
