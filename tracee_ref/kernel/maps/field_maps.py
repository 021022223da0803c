# SPDX-License-Identifier: Apache-2.0
"""Field filter tables of a run: C constants and elements of bpf/match/fields.h."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from struct import pack
from typing import Final, TypeAlias

from ...abi import ARGUMENTS_MAX, STRING_ARGUMENT
from ...events.catalogue import EventDefinition
from ...tables.fields import S64_MAX, STRING_BYTES, FieldTables
from ...tables.intervals import Intervals
from ..build.program import Program
from .write import write_entries

BITS: Final = 8

Catalogue: TypeAlias = Mapping[str, EventDefinition]


def field_defines(tables: FieldTables) -> dict[str, str]:
    """Return the C constants of the tables: which are in use, and their sizes."""
    names: dict[str, str] = {}
    if tables.retvals:
        names |= {"USE_RETVALS": "", "RETVAL_EVENTS": str(len(tables.retvals))}
        names |= {"RETVAL_INTERVALS": str(_interval_count(tables))}
    if tables.strings:
        nodes = sum(len(prefixes.accept) for prefixes in tables.strings.values())
        names |= {
            "USE_STRINGS": "",
            "STRING_KEY_SIZE": str(STRING_BYTES),
        }
        arguments = sum(1 << index for index in {index for _, index in tables.strings})
        names |= {"STRING_FILTERED_ARGUMENTS": str(arguments)}
        names |= {"STRING_ARGUMENTS": str(len(tables.strings)), "STRING_NODES": str(max(1, nodes))}
    return names


def write_fields(program: Program, tables: FieldTables, catalogue: Catalogue) -> None:
    """Write the tables that are in use; raises HostError."""
    if tables.retvals:
        write_entries(program, "retval_tables", dict(_retvals(tables, catalogue)))
    if tables.strings:
        write_entries(program, "string_arguments", dict(_arguments(tables, catalogue)))
        write_entries(program, "string_nodes", dict(_nodes(tables, catalogue)))


def _retvals(tables: FieldTables, catalogue: Catalogue) -> Iterator[tuple[bytes, bytes]]:
    for event, intervals in tables.retvals.items():
        number = pack("I", catalogue[event].id)
        yield number, _interval_bytes(intervals, _interval_count(tables))


def _arguments(tables: FieldTables, catalogue: Catalogue) -> Iterator[tuple[bytes, bytes]]:
    for (event, index), prefixes in tables.strings.items():
        yield (
            _argument(catalogue[event], index),
            STRING_ARGUMENT.struct.pack(prefixes.otherwise, prefixes.absent),
        )


def _nodes(tables: FieldTables, catalogue: Catalogue) -> Iterator[tuple[bytes, bytes]]:
    for (event, index), prefixes in tables.strings.items():
        head = _argument(catalogue[event], index)
        for key, mask in prefixes.accept.items():
            bits = pack("I", BITS * (len(head) + len(key)))
            yield bits + head + key.ljust(STRING_BYTES, b"\0"), pack("Q", mask)


def _interval_bytes(intervals: Intervals, size: int) -> bytes:
    """Return a ``struct retval_table``, its last interval repeated up to ``size``."""
    (column,) = intervals.columns
    spare = size - len(column)
    bounds = array("q", [*intervals.bounds, *[S64_MAX] * spare])
    return bounds.tobytes() + array("Q", [*column, *[column[-1]] * spare]).tobytes()


def _interval_count(tables: FieldTables) -> int:
    """Return the number of intervals in each table, a power of two."""
    most = max(len(intervals.bounds) for intervals in tables.retvals.values())
    return 1 << max(1, (most - 1).bit_length())


def _argument(event: EventDefinition, index: int) -> bytes:
    return pack("I", event.id * ARGUMENTS_MAX + index)
