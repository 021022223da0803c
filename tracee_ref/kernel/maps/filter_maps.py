# SPDX-License-Identifier: Apache-2.0
"""Accept tables of a run: their C constants, and the elements of their maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from struct import pack
from typing import Any, Final, TypeAlias

from model.scope import Key

from ...abi import NameKind
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
"""Size of ``select``; ids of kernel-side events are below it."""

CHUNK_INTERVALS: Final = 128
"""Size of a chunk of a table of intervals; a power of two."""

ZERO: Final = pack("I", 0)

Entries: TypeAlias = tuple[str, Mapping[bytes, bytes]]
"""Name of a map and its elements."""


def defines(tables: AcceptTables) -> dict[str, str]:
    """Return the C constants of the tables: which are in use, and their sizes."""
    names = {"EVENTS": str(EVENTS)}
    if tables.pid_new:
        names |= {"USE_NEW": "", "NEW_EQUAL": _mask(tables.pid_new.equal)}
        names |= {"NEW_EXCLUDED": _mask(tables.pid_new.excluded)}
    names |= _value_defines(tables)
    if tables.binary:
        names |= {"USE_BINARY": "", "BINARY_PATH_SIZE": str(PATH_SIZE)}
        names |= {"BINARY_VALUES": _size(tables.binary.masks)}
        names |= {"BINARY_WITHOUT_EQUAL": _mask(tables.binary.without_equal)}
    if tables.tree:
        names |= {"USE_TREE": "", "TREE_VALUES": _size(tables.tree.masks)}
        names |= {"TREE_WITHOUT_EQUAL": _mask(tables.tree.without_equal)}
    if tables.container:
        names |= {"USE_CONTAINER": "", "CONTAINER_OUTSIDE": _mask(tables.container.outside)}
        names |= {"CONTAINER_PREFIXES": str(len(tables.container.by_prefix))}
    if tables.follow:
        names |= {"USE_FOLLOW": "", "FOLLOW_SCOPES": _mask(tables.follow)}
    return names


def _number_defines(name: str, table: Intervals) -> dict[str, str]:
    size = _power_of_two(table.bounds)
    chunks = max(1, size // CHUNK_INTERVALS)
    sizes = {f"{name}_INTERVALS": str(min(size, CHUNK_INTERVALS)), f"{name}_CHUNKS": str(chunks)}
    return {f"USE_{name}_INTERVALS": "", **sizes}


def _value_defines(tables: AcceptTables) -> dict[str, str]:
    names: dict[str, str] = {}
    for key, table in tables.values.items():
        if isinstance(table, Intervals):
            names |= _number_defines(key.name, table)
            continue
        use = f"USE_{key.name}_PATTERNS" if isinstance(table, Automaton) else f"USE_{key.name}"
        names |= {use: "", f"{key.name}_WITHOUT_EQUAL": _mask(table.without_equal)}
    names |= hash_defines(fitting_bits(value_masks(tables)))
    if automata := automata_of(tables):
        classes = max(table.class_count for table in automata.values())
        rows = [len(table.rows) for table in automata.values()]
        names |= {"USE_PATTERNS": "", "PATTERN_ROWS": str(sum(rows))}
        names |= {"PATTERN_CLASSES": str(_power_of_two(range(classes)))}
        names |= {"UTS_ROW": str(first_rows(automata).get(Key.UTS, 0))}
    return names


def write_tables(program: Program, sizes: Mapping[str, str], tables: AcceptTables) -> None:
    """Write all accept tables but ``select``; raises HostError if one does not fit."""
    for name, entries in table_entries(sizes, tables):
        write_entries(program, name, entries)


def write_selection(program: Program, masks: Mapping[int, int]) -> None:
    """Write ``select``: event id -> mask of the scopes that selected it.

    Tracing starts with it, so it is written last.
    """
    entries = {pack("I", event): pack("Q", mask) for event, mask in masks.items()}
    write_entries(program, "select", entries)


def table_entries(sizes: Mapping[str, str], tables: AcceptTables) -> Iterator[Entries]:
    """Yield map name and elements of each table but ``select``.

    ``sizes`` are the C constants that the program was compiled with.
    """
    for key, table in tables.values.items():
        if isinstance(table, Intervals):
            yield from _number_entries(key.name, table, sizes)
    if masks := value_masks(tables):
        yield "value_table", value_entries(masks, int(sizes["VALUE_BITS"]))
    if automata := automata_of(tables):
        yield from _automata_entries(automata, int(sizes["PATTERN_CLASSES"]))
    if tables.binary:
        yield "binary_table", binary_entries(tables.binary)
    if tables.tree:
        yield "tree_table", tree_entries(tables.tree)
    if tables.container:
        yield "container_prefixes", prefix_entries(tables.container)


def _number_entries(name: str, table: Intervals, sizes: Mapping[str, str]) -> Iterator[Entries]:
    size, count = (int(sizes[f"{name}_{unit}"]) for unit in ("INTERVALS", "CHUNKS"))
    chunks = chunks_of(table, size, count)
    if count > 1:
        firsts = [chunk.bounds[0] for chunk in chunks]
        yield f"{name.lower()}_index", {ZERO: bounds_bytes(firsts, count)}
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


def _power_of_two(values: Sequence[int]) -> int:
    return 1 << max(1, (len(values) - 1).bit_length())
