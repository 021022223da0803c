# SPDX-License-Identifier: Apache-2.0
"""Contents of the maps for filters on fields, in the layouts of bpf/match/fields.h."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from struct import pack
from typing import Final

from ...abi import SHAPES_MAX, STRING_ARGUMENT
from ...events.catalogue import all_events
from ...tables.fields import S64_MAX, STRING_BYTES, FieldTables
from ...tables.intervals import Intervals
from ..build.program import Program
from .write import write_entries

BITS: Final = 8


def field_defines(tables: FieldTables) -> dict[str, str]:
    """Return the C constants that fit the tables: which are in use, and how large."""
    names: dict[str, str] = {}
    if tables.retvals:
        names |= {"USE_RETVALS": "", "RETVAL_EVENTS": str(len(tables.retvals))}
        names |= {"RETVAL_INTERVALS": str(_stretches(tables))}
    if tables.strings:
        nodes = sum(len(texts.accept) for texts in tables.strings.values())
        names |= {
            "USE_STRINGS": "",
            "STRING_KEY_SIZE": str(STRING_BYTES),
        }
        places = sum(1 << place for place in {place for _, place in tables.strings})
        names |= {"STRING_FILTERED_ARGUMENTS": str(places)}
        names |= {"STRING_ARGUMENTS": str(len(tables.strings)), "STRING_NODES": str(max(1, nodes))}
    return names


def write_fields(program: Program, tables: FieldTables) -> None:
    """Write the tables that are in use; raises HostError if one is refused."""
    if tables.retvals:
        write_entries(program, "retval_tables", dict(_retvals(tables)))
    if tables.strings:
        write_entries(program, "string_arguments", dict(_arguments(tables)))
        write_entries(program, "string_nodes", dict(_nodes(tables)))


def _retvals(tables: FieldTables) -> Iterator[tuple[bytes, bytes]]:
    for event, intervals in tables.retvals.items():
        yield pack("I", _event(event)), _stretched(intervals, _stretches(tables))


def _arguments(tables: FieldTables) -> Iterator[tuple[bytes, bytes]]:
    for (event, place), texts in tables.strings.items():
        yield (
            pack("I", _argument(event, place)),
            STRING_ARGUMENT.struct.pack(texts.otherwise, texts.absent),
        )


def _nodes(tables: FieldTables) -> Iterator[tuple[bytes, bytes]]:
    for (event, place), texts in tables.strings.items():
        head = pack("I", _argument(event, place))
        for key, mask in texts.accept.items():
            bits = pack("I", BITS * (len(head) + len(key)))
            yield bits + head + key.ljust(STRING_BYTES, b"\0"), pack("Q", mask)


def _stretched(intervals: Intervals, size: int) -> bytes:
    """Return a ``struct retval_table``, its last stretch repeated up to the full size."""
    (column,) = intervals.columns
    spare = size - len(column)
    bounds = array("q", [*intervals.bounds, *[S64_MAX] * spare])
    return bounds.tobytes() + array("Q", [*column, *[column[-1]] * spare]).tobytes()


def _stretches(tables: FieldTables) -> int:
    """Return the places of each table: the next power of two."""
    most = max(len(intervals.bounds) for intervals in tables.retvals.values())
    return 1 << max(1, (most - 1).bit_length())


def _argument(event: str, place: int) -> int:
    return _event(event) * SHAPES_MAX + place


def _event(name: str) -> int:
    return all_events()[name].id
