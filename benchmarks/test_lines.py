# SPDX-License-Identifier: Apache-2.0
"""Time of the reader for a line, as JSON and as tables.

The goals are 300,000 and 200,000 lines per second on one core.  Times are processor times.
"""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from benchmarks.lines import PRINTERS, pipeline, record


@pytest.mark.benchmark(group="lines", timer=process_time)
@pytest.mark.parametrize("fast", [True, False], ids=["fast", "long way"])
@pytest.mark.parametrize("name", PRINTERS)
def test_lines_handle(benchmark: Any, name: str, fast: bool) -> None:
    line, batch = pipeline(name, fast=fast), 100 * [record()]
    benchmark.pedantic(line.handle, (batch,), rounds=20, iterations=20, warmup_rounds=2)
    assert line.records.delivered == line.records.total > 0
