# SPDX-License-Identifier: Apache-2.0
"""Events a second to JSON and to the tables; the goals are 300,000 and 200,000 on one core.

Time is the processor's.
"""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from benchmarks.lines import PRINTERS, pipeline, record


@pytest.mark.benchmark(group="lines", timer=process_time)
@pytest.mark.parametrize("fast", [True, False], ids=["fast", "long way"])
@pytest.mark.parametrize("name", PRINTERS)
def test_line(benchmark: Any, name: str, fast: bool) -> None:
    line, some = pipeline(name, fast=fast), 100 * [record()]
    benchmark.pedantic(line.handle, (some,), rounds=20, iterations=20, warmup_rounds=2)
    assert line.records.delivered == line.records.total > 0
