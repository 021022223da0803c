# SPDX-License-Identifier: Apache-2.0
"""What the elements of kernel maps are as bytes: accept tables in the layouts of ``bpf/*.h``."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from struct import Struct, pack
from typing import Final

from model.scope import Key

from ...abi import (
    CONTAINER_MASKS,
    ID_PREFIX,
    PATTERN_MATCHED,
    SCOPE_MASKS,
    VALUE_SLOT,
    ValueKind,
)
from ...errors import HostCode, HostError
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
    """Return a ``uid_chunk`` or ``pid_chunk``: repeated at the end up to ``size`` places."""
    spare = size - len(chunk.bounds)
    columns = [array("Q", [*column, *[column[-1]] * spare]) for column in chunk.columns]
    return bounds_bytes(chunk.bounds, size) + b"".join(column.tobytes() for column in columns)


def bounds_bytes(bounds: Sequence[int], size: int) -> bytes:
    """Return the bounds of a chunk or an index, filled up to ``size`` places."""
    # Places behind the last bound are never below a value, but for the highest one there is.
    return array("I", [*bounds, *[0xFFFFFFFF] * (size - len(bounds))]).tobytes()


def automata_of(tables: AcceptTables) -> dict[Key, Automaton]:
    """Return the tables of names that use ``*``."""
    return {key: table for key, table in tables.values.items() if isinstance(table, Automaton)}


def first_rows(automata: Mapping[Key, Automaton]) -> dict[Key, int]:
    """Return where the rows of each automaton begin; they share one map."""
    first, at = {}, 0
    for key, table in automata.items():
        first[key] = at
        at += len(table.rows)
    return first


def row_entries(table: Automaton, first: int, classes: int) -> dict[bytes, bytes]:
    """Return the elements of ``pattern_rows``; where a pattern ends, PATTERN_MATCHED is set."""
    marks = [first + i | (PATTERN_MATCHED if _says(m) else 0) for i, m in enumerate(table.masks)]
    spare = [0] * (classes - table.class_count)
    return {
        pack("I", first + i): array("I", [*map(marks.__getitem__, row), *spare]).tobytes()
        for i, row in enumerate(table.rows)
    }


def value_masks(tables: AcceptTables) -> dict[Words, ScopeMasks]:
    """Return the values of ``value_table`` and what they say; the last byte is the kind."""
    return {
        (words[0], words[1] | ValueKind[key.name] << 56): verdict
        for key, table in tables.values.items()
        if isinstance(table, MaskTable)
        for value, verdict in table.masks.items()
        for words in [VALUE.unpack(value)]
    }


def value_entries(says: Mapping[Words, ScopeMasks], bits: int) -> dict[bytes, bytes]:
    """Return the elements of ``value_table``; HostError if they find no place."""
    slots = arranged(says, bits)
    if slots is None:
        raise HostError(HostCode.TABLE_SIZE, f"{len(says)} values find no place in {1 << bits}")
    return {
        pack("I", at): VALUE_SLOT.struct.pack(VALUE.pack(*words), mask_bytes(says[words]))
        for at, words in slots.items()
    }


def binary_entries(table: Binaries) -> dict[bytes, bytes]:
    """Return the elements of ``binary_table``."""
    return {binary_key(*place): mask_bytes(v) for place, v in table.masks.items()}


def tree_entries(table: MaskTable[int]) -> dict[bytes, bytes]:
    """Return the elements of ``tree_table``."""
    return {pack("I", pid): mask_bytes(v) for pid, v in table.masks.items()}


def binary_key(mntns: int, path: bytes) -> bytes:
    """Return a ``struct binary``; a path that does not fit gets one that no flag can name."""
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
    """Return the bytes that an id or the start of one stands for, filled up with zeros."""
    return bytes.fromhex(prefix.ljust(ID_DIGITS, "0"))


def mask_bytes(verdict: ScopeMasks) -> bytes:
    """Return a ``struct scope_masks``."""
    return SCOPE_MASKS.struct.pack(verdict.equal, verdict.excluded)


def _says(verdict: ScopeMasks) -> bool:
    return bool(verdict.equal | verdict.excluded)
