"""Numbers and byte strings in JSON, so that every language reads them without loss.

A number that may need 64 bits is a decimal string, because JSON readers often round those.
A byte string is a JSON string where it is UTF-8 without NUL, else ``{"hex": "ff00"}``.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

Data: TypeAlias = Any
"""What the json module reads and writes."""

DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,19})")


class FormatError(Exception):
    """Data that is not of the form that docs/reference/vectors.md gives; the text says what."""


def bytes_data(value: bytes) -> Data:
    """Return a byte string for JSON."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return {"hex": value.hex()}
    return {"hex": value.hex()} if "\0" in text else text


def read_bytes(data: Data) -> bytes:
    """Return the byte string; FormatError if it is none."""
    if isinstance(data, str):
        try:
            return data.encode("utf-8")
        except UnicodeEncodeError:  # half of a surrogate pair
            raise FormatError(f"{data!r} is no text") from None
    if isinstance(data, dict) and data.keys() == {"hex"}:
        try:
            return bytes.fromhex(data["hex"])
        except (TypeError, ValueError):
            pass
    raise FormatError(f"{data!r} is no text and no hex")


def number_data(value: int) -> str:
    """Return a number that may need 64 bits for JSON."""
    return str(value)


def read_number(data: Data) -> int:
    """Return a number given as a decimal string; FormatError if it is none."""
    if not isinstance(data, str) or DECIMAL.fullmatch(data) is None:
        raise FormatError(f"{data!r} is no decimal number in a string")
    return int(data)


def read_mask(data: Data) -> int:
    """Return a mask of scopes; FormatError if it is none."""
    mask = read_number(data)
    if not 0 <= mask < 1 << 64:
        raise FormatError(f"{data!r} is no mask of 64 bits")
    return mask


def mask_data(mask: int) -> dict[str, str]:
    """Return both spellings of a mask (rule 2)."""
    return {"mask": number_data(mask), "hex": f"{mask:016x}"}
