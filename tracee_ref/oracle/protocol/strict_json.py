# SPDX-License-Identifier: Apache-2.0
"""JSON that all readers take alike: RFC 8259 with the limits of I-JSON (RFC 7493).

Refused are bytes that are not UTF-8, lone surrogates, NaN and infinities, names that are twice in
an object, and deep nesting: of those, one reader's value is another reader's error.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import Final, NoReturn

from .encoding import Data

MAX_DEPTH: Final = 64
"""Limit of nested arrays and objects; events have 5."""

SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


class JsonError(ValueError):
    """Bytes that are not JSON in this sense."""


def parse_json(data: bytes) -> Data:
    """Return a value; raise JsonError."""
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH:
        _check_depth(data)
    try:
        value = DECODE(data.decode())
        if SURROGATE.search(data):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise JsonError(encoding_of(data) or f"not UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError:
        raise JsonError("a lone surrogate in a string") from None
    except JsonError:
        raise
    except (ValueError, RecursionError) as error:
        reason = TOO_MANY_DIGITS if "digits" in str(error) else str(error)
        raise JsonError(encoding_of(data) or f"not JSON: {reason}") from None
    return value


def encoding_of(data: bytes) -> str:
    """Return what a byte order mark at the beginning says; empty if there is none."""
    return next((f"{name}: convert it" for mark, name in MARKS if data.startswith(mark)), "")


MARKS: Final = (
    (codecs.BOM_UTF8, "it begins with a byte order mark"),
    (codecs.BOM_UTF32_LE, "it is UTF-32, not UTF-8"),  # begins as UTF-16 does
    (codecs.BOM_UTF32_BE, "it is UTF-32, not UTF-8"),
    (codecs.BOM_UTF16_LE, "it is UTF-16, not UTF-8"),
    (codecs.BOM_UTF16_BE, "it is UTF-16, not UTF-8"),
)
TOO_MANY_DIGITS: Final = "a number has too many digits"
"""Python's own message has the advice to change its limit."""


def _check_depth(data: bytes) -> None:
    """Raise JsonError for deep nesting, before a parser or anybody else recurses."""
    depth, in_string, escaped = 0, False, False
    for byte in data:
        if escaped:
            escaped = False
        elif in_string:
            escaped, in_string = byte == BACKSLASH, byte != QUOTE
        elif byte == QUOTE:
            in_string = True
        elif byte in OPEN:
            depth += 1
            if depth > MAX_DEPTH:
                raise JsonError(f"nested deeper than {MAX_DEPTH}")
        elif byte in CLOSE:
            depth -= 1


BACKSLASH, QUOTE = b'\\"'
OPEN, CLOSE = b"[{", b"]}"


def _object(pairs: list[tuple[str, Data]]) -> Data:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonError(f"{twice!r} is twice in an object")
    return value


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JsonError(f"{text[:20]} is too large for a number")
    return value


def _constant(text: str) -> NoReturn:
    raise JsonError(f"{text} is not a number in JSON")


DECODE: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_float, parse_constant=_constant
).decode
