# SPDX-License-Identifier: Apache-2.0
"""The page of kernels, held to the kernel store and to tox.ini."""

from __future__ import annotations

import runpy
from pathlib import Path

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "make_kernels_page.py"))


def test_kernels_page_up_to_date() -> None:
    """The page is what its tool makes, and every series of the store is in the full run."""
    assert TOOL["PAGE"].read_text(encoding="utf-8") == TOOL["page"]()
    assert TOOL["series_in"]("testenv:vm") == set(TOOL["SUITES"])
