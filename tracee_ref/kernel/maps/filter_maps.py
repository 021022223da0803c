# SPDX-License-Identifier: Apache-2.0
"""Accept tables on their way into the kernel: sizes as C constants, contents into maps."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from struct import pack
from typing import Any, Final

from model.scope import Key

from ...abi import NameKind
from ...errors import HostCode, HostError
from ...tables import AcceptTables
from ...tables.intervals import Intervals
from ...tables.patterns import Automaton
from ..build.program import Program
from .cuckoo import fitting_bits, hash_defines
from .layouts import (
    EMPTY_VALUE,
    PATH_SIZE,
    automata_of,
    binary_entries,
    bounds_bytes,
    chunk_bytes,
    chunks_of,
    first_rows,
    prefix_entries,
    row_entries,
    tree_entries,
    value_entries,
    value_verdicts,
    verdict_bytes,
)

EVENTS: Final = 1024
"""Places for events of the kernel side; the catalogue's ids of such events are below it."""

SETTINGS: Final = (
    "UID", "PID", "COMM", "UTS", "UTS_ROW", "MNTNS", "PIDNS", "BINARY", "TREE", "NEW_EQUAL",
    "NEW_EXCLUDED", "CONTAINER",
)  # fmt: skip
"""Constants of the tracer that are in the ``settings`` of bpf/decisions.bpf.c, in its order."""

CHUNK_INTERVALS: Final = 128
"""Of a table of numbers; a power of two."""

ZERO: Final = pack("I", 0)


def defines(tables: AcceptTables) -> dict[str, str]:
    """Return the C constants that fit the tables: which kinds are in use, and how large."""
    names = {"EVENTS": str(EVENTS)}
    if tables.pid_new:
        names |= {"USE_NEW": "", "NEW_EQUAL": _mask(tables.pid_new.equal)}
        names |= {"NEW_EXCLUDED": _mask(tables.pid_new.excluded)}
    names |= _value_defines(tables)
    if tables.binary:
        names |= {"USE_BINARY": "", "BINARY_PATH_SIZE": str(PATH_SIZE)}
        names |= {"BINARY_VALUES": _size(tables.binary.masks)}
        names |= {"BINARY_UNASKED": _mask(tables.binary.without_equal)}
    if tables.tree:
        names |= {"USE_TREE": "", "TREE_VALUES": _size(tables.tree.masks)}
        names |= {"TREE_UNASKED": _mask(tables.tree.without_equal)}
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
        names |= {use: "", f"{key.name}_UNASKED": _mask(table.without_equal)}
    names |= hash_defines(fitting_bits(value_verdicts(tables)))
    if automata := automata_of(tables):
        classes = max(table.class_count for table in automata.values())
        rows = [len(table.rows) for table in automata.values()]
        names |= {"USE_PATTERNS": "", "PATTERN_ROWS": str(sum(rows))}
        names |= {"PATTERN_CLASSES": str(_power_of_two(range(classes)))}
        names |= {"UTS_ROW": str(first_rows(automata).get(Key.UTS, 0))}
    return names


class TableWriter:
    """Writes accept tables into the maps of a program.

    ``sizes`` are the constants that the program was compiled with; a table that does not
    fit raises HostError.
    """

    def __init__(self, program: Program, sizes: Mapping[str, str]) -> None:
        self._program = program
        self._sizes = sizes
        self._hashed: list[tuple[int, bytes]] = []
        self._selected: Sequence[int] = ()
        self._slots: Sequence[bytes] = ()

    def clear(self) -> None:
        """Empty the tables whose elements the next ones need not overwrite."""
        for fd, key in self._hashed:
            self._program.delete(fd, key)
        self._hashed.clear()
        self._entries("select", dict.fromkeys((pack("I", i) for i in self._selected), pack("Q", 0)))
        if self._slots:
            self._entries("value_table", dict.fromkeys(self._slots, EMPTY_VALUE))
        self._selected, self._slots = (), ()

    def write(self, tables: AcceptTables) -> None:
        """Write all but ``select``, which switches tracing on and comes last."""
        for key, table in tables.values.items():
            if isinstance(table, Intervals):
                self._numbers(key.name, table)
        if says := value_verdicts(tables):
            self._values(value_entries(says, int(self._sizes["VALUE_BITS"])))
        if automata := automata_of(tables):
            self._automata(automata)
        if tables.binary:
            self._hash("binary_table", binary_entries(tables.binary))
        if tables.tree:
            self._hash("tree_table", tree_entries(tables.tree))
        if "SETTINGS" in self._sizes:
            masks = enumerate(settings_of(tables))
            self._entries("settings", {pack("I", place): pack("Q", m) for place, m in masks})
        if tables.container:
            self._hash("container_prefixes", prefix_entries(tables.container))

    def select(self, masks: Mapping[int, int]) -> None:
        """Write the selection: event id to the mask of the scopes that selected it."""
        self._entries("select", {pack("I", event): pack("Q", m) for event, m in masks.items()})
        self._selected = tuple(masks)

    def _numbers(self, name: str, table: Intervals) -> None:
        size, count = (int(self._sizes[f"{name}_{of}"]) for of in ("INTERVALS", "CHUNKS"))
        chunks = chunks_of(table, size, count)
        if count > 1:
            firsts = [chunk.bounds[0] for chunk in chunks]
            self._entries(f"{name.lower()}_index", {ZERO: bounds_bytes(firsts, count)})
        chunks += [chunks[-1]] * (count - len(chunks))
        elements = {pack("I", i): chunk_bytes(c, size) for i, c in enumerate(chunks)}
        self._entries(f"{name.lower()}_table", elements)

    def _automata(self, automata: Mapping[Key, Automaton]) -> None:
        classes, first = int(self._sizes["PATTERN_CLASSES"]), first_rows(automata)
        for key, table in automata.items():
            self._entries("pattern_classes", {pack("I", NameKind[key.name]): table.classes})
            rows = row_entries(table, first[key], classes)
            self._entries("pattern_rows", rows)
            met = zip(rows, map(verdict_bytes, table.masks), strict=True)
            self._entries("pattern_verdicts", dict(met))

    def _values(self, entries: Mapping[bytes, bytes]) -> None:
        self._entries("value_table", entries)
        self._slots = tuple(entries)

    def _hash(self, name: str, entries: Mapping[bytes, bytes]) -> None:
        self._entries(name, entries)
        fd = self._program.map_fd(name)
        self._hashed += [(fd, key) for key in entries]

    def _entries(self, name: str, entries: Mapping[bytes, bytes]) -> None:
        fd = self._program.map_fd(name)
        for key, value in entries.items():
            error = self._program.update(fd, key, value)
            if error:
                raise HostError(
                    HostCode.TABLE_SIZE,
                    f"map {name}: an element was refused ({os.strerror(error)})",
                )


def settings_of(tables: AcceptTables) -> list[int]:
    """Return the masks that programs with fixed tables have as constants instead."""
    named = {"UTS_ROW": first_rows(automata_of(tables)).get(Key.UTS, 0)}
    for key, table in tables.values.items():
        named[key.name] = 0 if isinstance(table, Intervals) else table.without_equal
    if tables.container:
        named["CONTAINER"] = tables.container.outside
    if tables.binary and tables.tree and tables.pid_new:
        named |= {"BINARY": tables.binary.without_equal, "TREE": tables.tree.without_equal}
        named |= {"NEW_EQUAL": tables.pid_new.equal, "NEW_EXCLUDED": tables.pid_new.excluded}
    return [named.get(name, 0) for name in SETTINGS]


def _mask(mask: int) -> str:
    return f"{mask:#x}ULL"


def _size(entries: Mapping[Any, Any]) -> str:
    return str(max(1, len(entries)))


def _power_of_two(values: Sequence[int]) -> int:
    return 1 << max(1, (len(values) - 1).bit_length())
