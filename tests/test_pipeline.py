# SPDX-License-Identifier: Apache-2.0
"""Tests of the pipeline, with a queue of records in place of the ring buffer."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.output.samples import exit_with
from tracee_ref.accounting import Tally
from tracee_ref.derivation.backlog import EVENT_AT, Backlog
from tracee_ref.events.event import TraceEvent
from tracee_ref.output.json_lines import JsonPrinter
from tracee_ref.output.sinks import open_sink
from tracee_ref.output.writer import Sink, end_outputs
from tracee_ref.pipeline import BATCH, Pipeline


class Queue:
    """Records to read; ``late`` of them are counted as submitted before they can be read."""

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

    def match_fields(event: TraceEvent) -> TraceEvent | None:
        return None if event.process_name == "filtered" else event

    return Pipeline(decode, [(JsonPrinter(), open_sink(str(path)))], match_fields)


def drain(line: Pipeline, queue: Queue) -> None:
    line.drain(queue)
    end_outputs([sink for _, sink in line.outputs], bool)


def test_pipeline_tallies_records(tmp_path: Path) -> None:
    """Every record is delivered, filtered or dropped."""
    out = tmp_path / "events"
    line = pipeline(out)
    drain(line, Queue([b"a", b"bad", b"filtered", b"b"], late=2))
    assert line.records == Tally(delivered=2, filtered=1, dropped=1)
    assert line.records.total == 4
    assert len(out.read_bytes().splitlines()) == 2
    assert "bad" in line.errors[0]


def test_follow_ends_while_events_come(tmp_path: Path) -> None:
    """``follow`` ends with records left, and ``drain`` reads these."""
    line = pipeline(tmp_path / "events")
    queue = Queue([str(n).encode() for n in range(10_000)])
    answers = iter([False, True])
    line.follow(queue, lambda: next(answers), None)
    assert 0 < line.records.delivered < 10_000
    line.drain(queue)
    assert line.records.delivered == 10_000


def test_follow_flushes_when_idle(tmp_path: Path) -> None:
    """The outputs are flushed when there is nothing to read."""
    out = tmp_path / "events"
    line, queue, sizes = pipeline(out), Queue([b"a"]), list[int]()

    def until() -> bool:
        sizes.append(os.stat(out).st_size)  # noqa: PTH116
        return len(sizes) > 20 or sizes[-1] > 0

    line.follow(queue, until, None)
    assert sizes[0] == 0
    assert sizes[-1] > 0


def test_follow_ends_without_outputs(tmp_path: Path) -> None:
    """``follow`` ends when all outputs have failed; lines are counted as lost by each."""
    line, queue = pipeline(tmp_path / "events"), Queue([b"a"] * 10_000)
    full = Sink(os.open("/dev/full", os.O_WRONLY), "full")
    gone = Sink(os.open("/dev/null", os.O_RDONLY), "read-only")
    line.outputs = [(JsonPrinter(), full), (JsonPrinter(), gone)]
    until = iter([False, True])
    line.follow(queue, lambda: next(until), None)
    assert not line.unread()
    line.outputs = line.outputs[1:]
    line.follow(queue, lambda: False, None)
    drain(line, queue)
    assert line.records.delivered == gone.lines == gone.lost == 10_000


def test_pipeline_derived_events(tmp_path: Path) -> None:
    """Derived events follow their record, and have a tally of their own."""

    def derive(base: TraceEvent) -> list[TraceEvent]:
        base.matched_scopes = 0 if base.process_name == "base" else 4
        names = ("first", "filtered", "second")
        return [exit_with(process_name=name) for name in names if base.process_name != "a"]

    out = tmp_path / "events"
    line = pipeline(out)
    line.derive = derive
    drain(line, Queue([b"a", b"base", b"filtered", b"b"]))
    assert line.records == Tally(delivered=2, filtered=1, dependencies=1)
    assert line.derived == Tally(delivered=6, filtered=3)
    names = [json.loads(text)["processName"] for text in out.read_text().splitlines()]
    assert names == ["a", "first", "second", "first", "second", "b", "first", "second"]


def test_pipeline_derivation_error(tmp_path: Path) -> None:
    """If a derivation raises, its base is dropped."""

    def derive(base: TraceEvent) -> list[TraceEvent]:
        raise ValueError(base.process_name)

    line = pipeline(tmp_path / "events")
    line.derive = derive
    line.drain(Queue([b"a"]))
    assert line.records == Tally(dropped=1)
    assert line.errors == ["ValueError: a"]


def base_record(name: bytes) -> bytes:
    """Return a record of event 701 and scope 1, from which events are derived."""
    return bytes(EVENT_AT) + struct.pack("=IiQ", 701, 0, 1) + name


def test_pipeline_derives_later(tmp_path: Path) -> None:
    """While the buffer is full, other records are printed first; derivation follows in order."""
    out = tmp_path / "events"

    def decode(record: bytes) -> TraceEvent:
        return exit_with(process_name=record.lstrip(b"\0").decode(errors="replace")[-2:])

    def derive(base: TraceEvent) -> list[TraceEvent]:
        name = base.process_name
        return [exit_with(process_name=f"of {name}")] if name.startswith("b") else []

    line = Pipeline(decode, [(JsonPrinter(), open_sink(str(out)))], derive=derive)
    line.backlog = Backlog({701: 0})
    line.is_filling = lambda: True
    bases = [base_record(b"b%d" % number) for number in range(3)]
    plain = [
        bytes(EVENT_AT) + struct.pack("=IiQ", 1, 0, 1) + b"p%d" % (n % 10) for n in range(BATCH)
    ]
    queue = Queue([*bases, *plain])
    queue.read(line.handle, BATCH)
    assert line.records == Tally(delivered=BATCH - 3, dependencies=3)
    assert line.derived == Tally()
    drain(line, queue)
    assert line.derived == Tally(delivered=3)
    names = [json.loads(text)["processName"] for text in out.read_text().splitlines()]
    assert names[-3:] == ["of b0", "of b1", "of b2"]
