# SPDX-License-Identifier: Apache-2.0
"""Formats of tracepoint records (events/GROUP/NAME/format in tracefs)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from .argument_types import SHAPES, TYPES_BY_SHAPE
from .probe_hooks import TracepointField
from .shapes import Shape

FIELD: Final = re.compile(
    r"\tfield:(?P<before>[^;]*?)(?P<name>\w+)(?P<array>\[[^\]]*\])?;"
    r"\s*offset:(?P<offset>\d+);\s*size:(?P<size>\d+);\s*signed:(?P<signed>\d);"
)
COMMON: Final = "common_"
"""Prefix of the fields that every record has."""

LOCATION: Final = re.compile(r"__(rel_|data_|rel_data_)loc\b")
"""Before the type of an array that follows the fields: the field has its offset and its length."""

RELATIVE: Final = "__rel_loc"
NUMBER_BYTES: Final = (1, 2, 4, 8)
WIDTHS: Final[Mapping[Shape, int]] = {
    Shape.INT32: 4, Shape.UINT32: 4, Shape.UINT16: 2, Shape.INT64: 8, Shape.UINT64: 8,
    Shape.BOOL: 1,
}  # fmt: skip
"""Sizes of numbers in bytes; a field may be larger, such as an int argument of a syscall."""

FORMATS: Final = {1: "bB", 2: "hH", 4: "iI", 8: "qQ"}
"""Format of a signed and an unsigned number by its size, for the module ``struct``."""

ELEMENTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("u16", "__u16", "uint16_t", "unsigned short"), "H"),
    **dict.fromkeys(("u32", "__u32", "uint32_t", "unsigned int", "unsigned"), "I"),
    **dict.fromkeys(("u64", "__u64", "uint64_t", "unsigned long", "unsigned long long"), "Q"),
    **dict.fromkeys(("s32", "int", "int32_t"), "i"),
    **dict.fromkeys(("s64", "long", "int64_t", "long long"), "q"),
}
"""Elements of arrays of which the size of an element is not in the format."""

CHARACTERS: Final = "char"
ADDRESS_BYTES: Final = (4, 16)
SOCKADDR_BYTES: Final = 28
"""``struct sockaddr_in6``: what tracepoints of TCP reserve for an address."""


def read_format(text: str) -> tuple[TracepointField, ...]:
    """Return the fields of a format but those that every record has."""
    return tuple(_fields(text))


def _fields(text: str) -> Iterator[TracepointField]:
    for found in FIELD.finditer(text):
        size = int(found["size"])
        if found["name"].startswith(COMMON) or size == 0:
            continue
        signed, array = found["signed"] == "1", found["array"] or ""
        type_, location = _type(found["before"])
        shape, element = (
            _array(type_, array, found["name"], size, signed=signed, located=bool(location))
            if location or array
            else (_single(type_, size, signed=signed), "")
        )
        yield TracepointField(
            found["name"],
            type_ + array,
            shape,
            int(found["offset"]),
            size,
            signed,
            element,
            location,
        )


def _type(before: str) -> tuple[str, str]:
    """Return the C type in front of a name, spelled as in the catalogue, and the location."""
    location = LOCATION.match(before)
    type_ = before[location.end() :] if location else before
    return re.sub(r"\s*\*\s*", "*", " ".join(type_.split())), location[0] if location else ""


def _single(type_: str, size: int, *, signed: bool) -> Shape:
    """Return the shape of a field that is no array."""
    shape = SHAPES.get(type_)
    if type_.endswith("*"):
        return Shape.STRING if shape is Shape.STRING else Shape.POINTER
    if shape in TYPES_BY_SHAPE and size >= WIDTHS[shape]:
        return shape
    if size not in NUMBER_BYTES:
        return Shape.BYTES
    return Shape.INT64 if signed else Shape.UINT64


def _array(
    type_: str, array: str, name: str, size: int, *, signed: bool, located: bool
) -> tuple[Shape, str]:
    """Return the shape of an array, and the format of its elements if they are numbers."""
    element = type_.removesuffix("[]")
    if element == CHARACTERS:
        return Shape.STRING, ""
    count = array.strip("[]")
    width = size // int(count) if not located and count.isdigit() and int(count) else 0
    if width == 1 and "addr" in name and size in ADDRESS_BYTES:
        return Shape.ADDRESS, ""
    if width == 1 and "addr" in name and size == SOCKADDR_BYTES:
        return Shape.SOCKADDR, ""
    if width > 1 and width in NUMBER_BYTES and "*" not in element:
        return Shape.NUMBERS, FORMATS[width][0 if signed else 1]
    if located and element in ELEMENTS:
        return Shape.NUMBERS, ELEMENTS[element]
    return Shape.BYTES, ""
