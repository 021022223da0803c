# SPDX-License-Identifier: Apache-2.0
"""Decoder of structures that syscalls are given, into their members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..events.structures import GivenStructure, StructureMember, layouts, structure_bytes
from ..strings import text_of

UNKNOWN: Final = "unknown"
"""Name of what follows the members, if it is not zero: those of a newer kernel, in hexadecimal."""


def structure_decoder(given: GivenStructure) -> Callable[[bytes], Any]:
    """Return the decoder of the data of an argument: of one structure, or of a list of them.

    The data ends where user space says: members after that are absent.
    """
    fields = layouts()[given.structure]
    size = structure_bytes(given.structure)

    def decode_list(data: bytes) -> list[Any]:
        """Decode whole structures; of one that was cut there is an ellipsis."""
        whole = range(0, len(data) - size + 1, size)
        cut = ["..."] if len(data) % size else []
        return [*(members(data[at : at + size], fields) for at in whole), *cut]

    return decode_list if given.is_list else lambda data: members(data, fields)


def members(data: bytes, fields: tuple[StructureMember, ...]) -> dict[str, Any]:
    """Return the members that are in the data by name."""
    end = fields[-1].offset + fields[-1].size
    found: dict[str, Any] = {
        field.name: int.from_bytes(field_bytes(data, field), "little", signed=field.signed)
        for field in fields
        if field.size and field.offset + field.size <= len(data)
    }
    if not fields[-1].size:
        return found | {fields[-1].name: text_of(data[end:].split(b"\0", 1)[0])}
    rest = data[end:].rstrip(b"\0")
    return found | {UNKNOWN: f"0x{rest.hex()}"} if rest else found


def field_bytes(data: bytes, field: StructureMember) -> bytes:
    """Return the bytes of a member."""
    return data[field.offset : field.offset + field.size]
