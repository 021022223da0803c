# SPDX-License-Identifier: Apache-2.0
"""Accept tables as elements of BPF maps, in the layouts of bpf/match/*.h."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from struct import Struct, pack
from typing import Final

from ...abi import (
    CONTAINER_MASKS,
    ID_PREFIX,
    PATTERN_MATCHED,
    SCOPE_MASKS,
    VALUE_SLOT,
    ValueKind,
)
from ...errors import HostCode, HostError
from ...model.scope import Key
from ...tables import AcceptTables
from ...tables.compile import PATH_BYTES, Binaries
from ...tables.containers import ID_DIGITS, ContainerTable
from ...tables.intervals import Intervals
from ...tables.masks import MaskTable, ScopeMasks
from ...tables.patterns import Automaton
from .cuckoo import Words, arranged

PATH_SIZE: Final = PATH_BYTES + 4
"""The path, its NUL, and padding: with the u32 before it the key is a multiple of 8 bytes."""

VALUE: Final = Struct("2Q")


def chunks_of(table: Intervals, size: int, count: int) -> list[Intervals]:
    """Cut a table into at most ``count`` chunks of ``size`` intervals."""
    if len(table.bounds) > size * count:
        raise HostError(
            HostCode.TABLE_SIZE,
            f"{len(table.bounds)} number intervals do not fit in {size * count}",
        )
    return [
        Intervals(table.bounds[at : at + size], [c[at : at + size] for c in table.columns])
        for at in range(0, len(table.bounds), size)
    ]


def chunk_bytes(chunk: Intervals, size: int) -> bytes:
    """Return a ``uid_chunk`` or ``pid_chunk`` of ``size`` intervals; the last one is repeated."""
    spare = size - len(chunk.bounds)
    columns = [array("Q", [*column, *[column[-1]] * spare]) for column in chunk.columns]
    return bounds_bytes(chunk.bounds, size) + b"".join(column.tobytes() for column in columns)


def bounds_bytes(bounds: Sequence[int], size: int) -> bytes:
    """Return the bounds of a chunk or an index, padded to ``size``."""
    # The padding is never below a value, except the highest one.
    return array("I", [*bounds, *[0xFFFFFFFF] * (size - len(bounds))]).tobytes()


def automata_of(tables: AcceptTables) -> dict[Key, Automaton]:
    """Return the tables of names that use ``*``."""
    return {key: table for key, table in tables.values.items() if isinstance(table, Automaton)}


def first_rows(automata: Mapping[Key, Automaton]) -> dict[Key, int]:
    """Return the index of each automaton's first row in the map that they share."""
    first, index = {}, 0
    for key, table in automata.items():
        first[key] = index
        index += len(table.rows)
    return first


def row_entries(table: Automaton, first: int, classes: int) -> dict[bytes, bytes]:
    """Return the elements of ``pattern_rows``; where a pattern ends, PATTERN_MATCHED is set."""
    marks = [first + i | (PATTERN_MATCHED if _any(m) else 0) for i, m in enumerate(table.masks)]
    spare = [0] * (classes - table.class_count)
    return {
        pack("I", first + i): array("I", [*map(marks.__getitem__, row), *spare]).tobytes()
        for i, row in enumerate(table.rows)
    }


def value_masks(tables: AcceptTables) -> dict[Words, ScopeMasks]:
    """Return the keys of ``value_table`` and their masks; the last byte of a key is its kind."""
    return {
        (words[0], words[1] | ValueKind[key.name] << 56): masks
        for key, table in tables.values.items()
        if isinstance(table, MaskTable)
        for value, masks in table.masks.items()
        for words in [VALUE.unpack(value)]
    }


def value_entries(masks: Mapping[Words, ScopeMasks], bits: int) -> dict[bytes, bytes]:
    """Return the elements of ``value_table``; HostError if they do not fit."""
    slots = arranged(masks, bits)
    if slots is None:
        raise HostError(
            HostCode.TABLE_SIZE, f"{len(masks)} values do not fit into {1 << bits} slots"
        )
    return {
        pack("I", slot): VALUE_SLOT.struct.pack(VALUE.pack(*words), mask_bytes(masks[words]))
        for slot, words in slots.items()
    }


def binary_entries(table: Binaries) -> dict[bytes, bytes]:
    """Return the elements of ``binary_table``."""
    return {binary_key(*key): mask_bytes(masks) for key, masks in table.masks.items()}


def tree_entries(table: MaskTable[int]) -> dict[bytes, bytes]:
    """Return the elements of ``tree_table``."""
    return {pack("I", pid): mask_bytes(masks) for pid, masks in table.masks.items()}


def binary_key(mntns: int, path: bytes) -> bytes:
    """Return a ``struct binary``; a path that is too long becomes empty."""
    if len(path) > PATH_BYTES:
        path = b""
    return pack("I", mntns) + path.ljust(PATH_SIZE, b"\0")


def prefix_entries(table: ContainerTable) -> dict[bytes, bytes]:
    """Return the elements of ``container_prefixes``."""
    return {
        prefix_key(prefix): CONTAINER_MASKS.struct.pack(*masks)
        for prefix, masks in table.by_prefix.items()
    }


def prefix_key(prefix: str) -> bytes:
    """Return a ``struct id_prefix``; a digit is four bits of the id."""
    return ID_PREFIX.struct.pack(4 * len(prefix), container_bytes(prefix))


def container_bytes(prefix: str) -> bytes:
    """Return the bytes of an id or of the start of one, padded with zeros."""
    return bytes.fromhex(prefix.ljust(ID_DIGITS, "0"))


def mask_bytes(masks: ScopeMasks) -> bytes:
    """Return a ``struct scope_masks``."""
    return SCOPE_MASKS.struct.pack(masks.equal, masks.excluded)


def _any(masks: ScopeMasks) -> bool:
    return bool(masks.equal | masks.excluded)
