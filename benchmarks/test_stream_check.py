# SPDX-License-Identifier: Apache-2.0
"""Time to check a stream of JSON events, on one core.

The goal is a million events per minute (60 us each).  The default stream is small; the full one:

    TRACEE_REF_EVENTS=1000000 pytest benchmarks/test_stream_check.py

Times are processor times.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import process_time
from typing import Any, Final

import pytest

from benchmarks.stream import SCOPES, write_stream
from tracee_ref.oracle.streams.checking import check
from tracee_ref.oracle.streams.job import Job, Streams
from tracee_ref.oracle.streams.process_state import Begins
from tracee_ref.oracle.streams.report import CheckResult

EVENTS: Final = int(os.environ.get("TRACEE_REF_EVENTS", "5000"))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stream(tmp_path_factory.mktemp("check") / "stream.json", EVENTS)


@pytest.mark.benchmark(group="check", timer=process_time)
@pytest.mark.parametrize("filters", SCOPES)
def test_stream_check(benchmark: Any, path: Path, filters: str) -> None:
    job = Job(flags=SCOPES[filters], begins=Begins.HOST, progress=False)
    tally: CheckResult = benchmark.pedantic(check, (job, Streams(str(path))), rounds=3)
    benchmark.extra_info["events"] = EVENTS  # of each round
    assert tally.events == EVENTS
