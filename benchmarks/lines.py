# SPDX-License-Identifier: Apache-2.0
"""Time of the reader from records to output lines, in one process."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from struct import pack
from time import process_time
from typing import Final

from tracee_ref.decode.records import HEADER, RecordDecoder, View
from tracee_ref.events.catalogue import load_catalogue
from tracee_ref.output.fast.lines import fast_lines
from tracee_ref.output.json_lines import JsonPrinter
from tracee_ref.output.printer import Printer
from tracee_ref.output.sinks import open_sink
from tracee_ref.output.table import TablePrinter
from tracee_ref.pipeline import BATCH, Pipeline

MINUS_1: Final = 2**64 - 1
STRINGS: Final = (b"one/of/two/texts", b"another/of/two/texts")
ROUNDS: Final = 5
PRINTERS: Final[dict[str, Callable[[], Printer]]] = {
    "json": JsonPrinter,
    "table": TablePrinter,
    "table-verbose": lambda: TablePrinter(verbose=True),
}


def record(flags: int = 0) -> bytes:
    """Return a record of a syscall with two strings."""
    event = load_catalogue()["renameat2"]
    ids = (11, 12, 10, 11, 12, 10, 1000, 4026531841, 4026531836)
    fields = (7, -2, event.id, event.id, 1, 4, 77, *ids, 3, flags, b"calls", b"host", bytes(32))
    slots = pack("6Q", MINUS_1, len(STRINGS[0]), MINUS_1, len(STRINGS[1]), 1, 0)
    return HEADER.pack(*fields) + slots + b"".join(STRINGS)


def pipeline(name: str, *, fast: bool) -> Pipeline:
    """Return a pipeline to /dev/null, with or without the fast path."""
    view = View(clock_offset=10**18, symbolic=name != "json")
    decoder, printer = RecordDecoder(view), PRINTERS[name]()
    printers = fast_lines(decoder, [printer], view, ()) if fast else ()
    return Pipeline(decoder, [(printer, open_sink("/dev/null"))], fast=printers)


def lines(*, count: int) -> list[dict[str, object]]:
    """Return the processor time of a line in microseconds, by format and path."""
    rows: list[dict[str, object]] = []
    for name in PRINTERS:
        took = {fast: microseconds(pipeline(name, fast=fast), count) for fast in (True, False)}
        rows.append({"format": name, "quick": took[True], "long": took[False]})
    return rows


def microseconds(target: Pipeline, count: int) -> float:
    """Return the processor time of a record in the fastest round."""
    batch, took = [record()] * BATCH, []
    for _ in range(ROUNDS):
        start = process_time()
        for _ in range(0, count, BATCH):
            target.handle(batch)
        took.append(process_time() - start)
    return 1e6 * min(took) / (BATCH * ceil(count / BATCH))
