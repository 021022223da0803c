# SPDX-License-Identifier: Apache-2.0
"""From records to lines, with records in a queue in place of a ring buffer's memory."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.output.samples import exit_with
from tracee_ref.accounting import Tally
from tracee_ref.events.event import TraceEvent
from tracee_ref.output.json_lines import JsonPrinter
from tracee_ref.output.sinks import open_sink
from tracee_ref.pipeline import Pipeline


class Queue:
    """Records that wait; ``late`` ones are counted as submitted before they can be read."""

    def __init__(self, records: list[bytes], late: int = 0) -> None:
        self.records, self.late = records, late
        self.submitted = len(records)

    def read(self, handle: Callable[[list[bytes]], None], limit: int = 4096) -> int:
        ready = self.records[: len(self.records) - self.late][:limit]
        self.late = max(0, self.late - 1)
        del self.records[: len(ready)]
        handle(ready)
        return len(ready)

    def counters(self) -> Mapping[str, Sequence[int]]:
        return {"submitted": (self.submitted, 0)}


def pipeline(path: Path) -> Pipeline:
    def decode(record: bytes) -> TraceEvent:
        if record == b"bad":
            raise KeyError(record)
        return exit_with(process_name=record.decode())

    def judge(event: TraceEvent) -> TraceEvent | None:
        return None if event.process_name == "filtered" else event

    return Pipeline(decode, [(JsonPrinter(), open_sink(str(path)))], judge)


def test_every_record_is_delivered_filtered_or_dropped(tmp_path: Path) -> None:
    out = tmp_path / "events"
    line = pipeline(out)
    line.drain(Queue([b"a", b"bad", b"filtered", b"b"], late=2))
    assert line.records == Tally(delivered=2, filtered=1, dropped=1)
    assert line.records.total == 4
    assert len(out.read_bytes().splitlines()) == 2
    assert "bad" in line.errors[0]


def test_an_end_is_an_end_also_while_events_come(tmp_path: Path) -> None:
    """More come than can be read; what is left when the programs are detached is drained."""
    line = pipeline(tmp_path / "events")
    queue = Queue([str(n).encode() for n in range(10_000)])
    asked = iter([False, True])
    line.follow(queue, lambda: next(asked), None)
    assert 0 < line.records.delivered < 10_000
    line.drain(queue)
    assert line.records.delivered == 10_000


def test_lines_are_there_before_the_end(tmp_path: Path) -> None:
    """When it is idle, the reader writes out what it has."""
    out = tmp_path / "events"
    line, queue, sizes = pipeline(out), Queue([b"a"]), list[int]()

    def until() -> bool:
        sizes.append(os.stat(out).st_size)  # noqa: PTH116
        return len(sizes) > 2

    line.follow(queue, until, None)
    assert sizes[0] == 0
    assert sizes[-1] > 0


def test_what_is_made_of_a_record_follows_it_and_has_an_account_of_its_own(tmp_path: Path) -> None:
    def derive(base: TraceEvent) -> list[TraceEvent]:
        base.matched_scopes = 0 if base.process_name == "base" else 4
        made = ("first", "filtered", "second")
        return [exit_with(process_name=name) for name in made if base.process_name != "a"]

    out = tmp_path / "events"
    line = pipeline(out)
    line.derive = derive
    line.drain(Queue([b"a", b"base", b"filtered", b"b"]))
    assert line.records == Tally(delivered=2, filtered=1, dependencies=1)
    assert line.derived == Tally(delivered=6, filtered=3)
    names = [json.loads(text)["processName"] for text in out.read_text().splitlines()]
    assert names == ["a", "first", "second", "first", "second", "b", "first", "second"]


def test_what_cannot_be_derived_is_dropped_with_its_base(tmp_path: Path) -> None:
    def derive(base: TraceEvent) -> list[TraceEvent]:
        raise ValueError(base.process_name)

    line = pipeline(tmp_path / "events")
    line.derive = derive
    line.drain(Queue([b"a"]))
    assert line.records == Tally(dropped=1)
    assert line.errors == ["ValueError: a"]
