# SPDX-License-Identifier: Apache-2.0
"""Accept tables (value -> the scopes that accept it) in the kernel.

A table with a fixed number of masks (``pid=new``, ``follow``, processes outside of containers)
becomes C constants.  The others become maps, of which C constants have the sizes.  The names and
numbers of all keys without ``*`` and without ``<`` or ``>`` are in one map, ``value_table``, a
cuckoo hash of 2**VALUE_BITS slots; a key with either has an automaton or intervals for all its
values.  See docs/reference/glossary.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import pack
from typing import Any, Final, TypeAlias

from ...abi import NameKind
from ...events.declarations import DYNAMIC_IDS
from ...model.scope import Key
from ...tables import AcceptTables
from ...tables.intervals import Intervals
from ...tables.patterns import Automaton
from ..build.program import Program
from .cuckoo import fitting_bits, hash_defines
from .layouts import (
    PATH_SIZE,
    automata_of,
    binary_entries,
    bounds_bytes,
    chunk_bytes,
    chunks_of,
    first_rows,
    mask_bytes,
    prefix_entries,
    row_entries,
    tree_entries,
    value_entries,
    value_masks,
)
from .write import write_entries

EVENTS: Final = 1024
"""Elements of the map ``select`` (event id -> mask of the scopes that select the event).

Ids of kernel-side events are below it, but for those that are declared when the tracer starts.
"""

EVENTS_MAX: Final = DYNAMIC_IDS.stop
"""Elements if there are such events."""

CHUNK_INTERVALS: Final = 128
"""Intervals in an element of a map; a power of two.

A larger table is split into such chunks: BCC takes seconds to compile one large value
(bpf/match/numbers.h).
"""

ZERO: Final = pack("I", 0)

Entries: TypeAlias = tuple[str, Mapping[bytes, bytes]]
"""Name of a map and its elements."""


def defines(tables: AcceptTables, events: int = EVENTS) -> dict[str, str]:
    """Return the C constants of the tables: which are used, their sizes, their masks."""
    constants = {"EVENTS": str(events)}
    if tables.pid_new:
        constants |= {"USE_NEW": "", "NEW_EQUAL": _mask(tables.pid_new.equal)}
        constants |= {"NEW_EXCLUDED": _mask(tables.pid_new.excluded)}
    constants |= _value_defines(tables)
    if tables.binary:
        constants |= {"USE_BINARY": "", "BINARY_PATH_SIZE": str(PATH_SIZE)}
        constants |= {"BINARY_VALUES": _size(tables.binary.masks)}
        constants |= {"BINARY_WITHOUT_EQUAL": _mask(tables.binary.without_equal)}
    if tables.tree:
        constants |= {"USE_TREE": "", "TREE_VALUES": _size(tables.tree.masks)}
        constants |= {"TREE_WITHOUT_EQUAL": _mask(tables.tree.without_equal)}
    if tables.container:
        constants |= {"USE_CONTAINER": "", "CONTAINER_OUTSIDE": _mask(tables.container.outside)}
        constants |= {"CONTAINER_PREFIXES": str(len(tables.container.by_prefix))}
    if tables.follow:
        constants |= {"USE_FOLLOW": "", "FOLLOW_SCOPES": _mask(tables.follow)}
    return constants


def _interval_defines(name: str, table: Intervals) -> dict[str, str]:
    size = _rounded_up(len(table.bounds))
    chunks = max(1, size // CHUNK_INTERVALS)
    return {
        f"USE_{name}_INTERVALS": "",
        f"{name}_INTERVALS": str(min(size, CHUNK_INTERVALS)),
        f"{name}_CHUNKS": str(chunks),
    }


def _value_defines(tables: AcceptTables) -> dict[str, str]:
    constants: dict[str, str] = {}
    for key, table in tables.values.items():
        if isinstance(table, Intervals):
            constants |= _interval_defines(key.name, table)
            continue
        use = f"USE_{key.name}_PATTERNS" if isinstance(table, Automaton) else f"USE_{key.name}"
        constants |= {use: "", f"{key.name}_WITHOUT_EQUAL": _mask(table.without_equal)}
    constants |= hash_defines(fitting_bits(value_masks(tables)))
    if automata := automata_of(tables):
        classes = max(table.class_count for table in automata.values())
        rows = [len(table.rows) for table in automata.values()]
        constants |= {"USE_PATTERNS": "", "PATTERN_ROWS": str(sum(rows))}
        constants |= {"PATTERN_CLASSES": str(_rounded_up(classes))}
        # The rows of comm are first, from 0; without patterns for host names this is unused.
        constants |= {"UTS_ROW": str(first_rows(automata).get(Key.UTS, 0))}
    return constants


def write_tables(program: Program, constants: Mapping[str, str], tables: AcceptTables) -> None:
    """Write all accept tables but ``select``.

    Raises HostError if the kernel refuses a write, or ``constants`` are too small for a table.
    """
    for name, entries in table_entries(constants, tables):
        write_entries(program, name, entries)


def write_selection(program: Program, masks: Mapping[int, int]) -> None:
    """Write ``select``: event id -> mask of the scopes that selected it.

    The programs report nothing before it is filled: write it last.
    """
    entries = {pack("I", event): pack("Q", mask) for event, mask in masks.items()}
    write_entries(program, "select", entries)


def table_entries(constants: Mapping[str, str], tables: AcceptTables) -> Iterator[Entries]:
    """Yield map name and elements of each table but ``select``.

    ``constants`` are the C constants that the program was compiled with.
    """
    for key, table in tables.values.items():
        if isinstance(table, Intervals):
            yield from _interval_entries(key.name, table, constants)
    if masks := value_masks(tables):
        yield "value_table", value_entries(masks, int(constants["VALUE_BITS"]))
    if automata := automata_of(tables):
        yield from _automata_entries(automata, int(constants["PATTERN_CLASSES"]))
    if tables.binary:
        yield "binary_table", binary_entries(tables.binary)
    if tables.tree:
        yield "tree_table", tree_entries(tables.tree)
    if tables.container:
        yield "container_prefixes", prefix_entries(tables.container)


def _interval_entries(
    name: str, table: Intervals, constants: Mapping[str, str]
) -> Iterator[Entries]:
    size, count = (int(constants[f"{name}_{unit}"]) for unit in ("INTERVALS", "CHUNKS"))
    chunks = chunks_of(table, size, count)
    if count > 1:
        firsts = [chunk.bounds[0] for chunk in chunks]
        yield f"{name.lower()}_index", {ZERO: bounds_bytes(firsts, count)}
    # Unused bounds of the index are the highest number.  A search for that number passes all of
    # them and ends at the last element, so the elements after the last chunk are copies of it.
    chunks += [chunks[-1]] * (count - len(chunks))
    yield (
        f"{name.lower()}_table",
        {pack("I", index): chunk_bytes(chunk, size) for index, chunk in enumerate(chunks)},
    )


def _automata_entries(automata: Mapping[Key, Automaton], classes: int) -> Iterator[Entries]:
    first = first_rows(automata)
    for key, table in automata.items():
        rows = row_entries(table, first[key], classes)
        yield "pattern_classes", {pack("I", NameKind[key.name]): table.classes}
        yield "pattern_rows", rows
        yield "pattern_masks", dict(zip(rows, map(mask_bytes, table.masks), strict=True))


def _mask(mask: int) -> str:
    return f"{mask:#x}ULL"


def _size(entries: Mapping[Any, Any]) -> str:
    return str(max(1, len(entries)))


def _rounded_up(count: int) -> int:
    """Return the least power of two that is not below ``count``, but at least 2.

    With 2, ``interval_of`` (bpf/match/numbers.h) has one level to search.
    """
    return 1 << max(1, (count - 1).bit_length())
