# SPDX-License-Identifier: Apache-2.0
"""Lossless JSON encoding of 64-bit numbers and byte strings.

A number that may need 64 bits is a decimal string, because JSON readers often round it to a
double.  A byte string is a JSON string if it is UTF-8 without NUL, else ``{"hex": "ff00"}``.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

Data: TypeAlias = Any
"""A value that the json module reads or writes."""

DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,19})")


class FormatError(Exception):
    """Data that does not have the form of docs/reference/vectors.md."""


MALFORMED: Final = (FormatError, KeyError, TypeError, ValueError, AttributeError)
"""Errors of decoding data that does not have this form."""


def bytes_data(value: bytes) -> Data:
    """Encode a byte string."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return {"hex": value.hex()}
    return {"hex": value.hex()} if "\0" in text else text


def read_bytes(data: Data) -> bytes:
    """Decode a byte string; raise FormatError if `data` is not one."""
    if isinstance(data, str):
        try:
            return data.encode("utf-8")
        except UnicodeEncodeError:  # a lone surrogate
            raise FormatError(f"{data!r} is not a byte string") from None
    if isinstance(data, dict) and data.keys() == {"hex"}:
        try:
            return bytes.fromhex(data["hex"])
        except (TypeError, ValueError):
            pass
    raise FormatError(f'{data!r} is neither a string nor {{"hex": ...}}')


def number_data(value: int) -> str:
    """Encode a number that may need 64 bits."""
    return str(value)


def read_number(data: Data) -> int:
    """Decode a decimal string; raise FormatError if `data` is not one."""
    if not isinstance(data, str) or DECIMAL.fullmatch(data) is None:
        raise FormatError(f"{data!r} is not a decimal number in a string")
    return int(data)


def read_mask(data: Data) -> int:
    """Decode a mask of scopes; raise FormatError if `data` is not one."""
    mask = read_number(data)
    if not 0 <= mask < 1 << 64:
        raise FormatError(f"{data!r} is not a mask of 64 bits")
    return mask


def mask_data(mask: int) -> dict[str, str]:
    """Encode a mask in decimal and in hexadecimal (rule 2)."""
    return {"mask": number_data(mask), "hex": f"{mask:016x}"}
