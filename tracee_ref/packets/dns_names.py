# SPDX-License-Identifier: Apache-2.0
"""Domain names of a DNS message, each label of which is decoded once.

Names end in pointers to others (RFC 1035, 4.1.4).  A message of 4 KiB can have one name of 127
labels three hundred times: a parser that follows each pointer takes a second for it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

POINTER: Final = 0xC0
LABEL_BYTES_MAX: Final = 63
NAME_BYTES_MAX: Final = 255
ROOT: Final = "."
PLAIN: Final = re.compile(rb"[A-Za-z0-9_-]+")
SPECIAL: Final = frozenset(b'"().;\\@$')
ESCAPES: Final = tuple(
    f"\\{chr(byte)}" if byte in SPECIAL else chr(byte) if 0x20 < byte < 0x7F else f"\\{byte:03}"
    for byte in range(256)
)
"""Bytes of a label as zone files have them (RFC 1035, 5.1)."""


class BadMessageError(ValueError):
    """A message that breaks the format; the text is the reason."""


class ShortMessageError(BadMessageError):
    """A message that ends before its last field."""


class Name(NamedTuple):
    """A name without final dot, its length in bytes on the wire, and the offset after it."""

    text: str
    size: int
    end: int


class NameReader:
    """Reader of the names of one message."""

    def __init__(self, message: bytes) -> None:
        self.message = message
        self._names: dict[int, Name] = {}

    def read(self, offset: int) -> Name:
        """Return the name at an offset; raises BadMessageError."""
        names, labels = self._names, []
        position = start = offset
        while position not in names:
            length = self._byte(position)
            if length >= POINTER:
                target = (length - POINTER) << 8 | self._byte(position + 1)
                if target >= start:
                    raise BadMessageError("a pointer that does not point backwards")
                labels.append((position, "", 0, position + 2))
                position = start = target
            elif length > LABEL_BYTES_MAX:
                raise BadMessageError("a label of an unknown type")
            elif length == 0:
                names[position] = Name(ROOT, 1, position + 1)
            else:
                labels.append((position, self._label(position, length), length + 1, 0))
                position += length + 1
        return self._join(labels, names[position])

    def _join(self, labels: list[tuple[int, str, int, int]], name: Name) -> Name:
        """Prepend labels, the last one first; each gives a name, to which others can point."""
        for offset, text, size, pointer_end in reversed(labels):
            if pointer_end:
                name = Name(name.text, name.size, pointer_end)
            else:
                joined = text if name.text == ROOT else f"{text}.{name.text}"
                name = Name(joined, name.size + size, name.end)
            if name.size > NAME_BYTES_MAX:
                raise BadMessageError(f"a name of more than {NAME_BYTES_MAX} bytes")
            self._names[offset] = name
        return name

    def _byte(self, offset: int) -> int:
        if offset >= len(self.message):
            raise ShortMessageError("a name that does not end")
        return self.message[offset]

    def _label(self, offset: int, length: int) -> str:
        label = self.message[offset + 1 : offset + 1 + length]
        if len(label) < length:
            raise ShortMessageError("a name that does not end")
        if PLAIN.fullmatch(label):
            return label.decode()
        return "".join([ESCAPES[byte] for byte in label])
