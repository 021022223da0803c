# SPDX-License-Identifier: Apache-2.0
"""Vectors of the hand-written ``text.txt``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..protocol.encoding import Data, bytes_data
from ..protocol.vector import Vector
from .features import features_of
from .notation import commented, text_bytes, text_lines, words

RULE: Final = 20


def texts() -> Iterator[Vector]:
    """Yield the hand-written vectors of byte strings as text."""
    for number, line in enumerate(text_lines("text.txt"), start=1):
        pair, why = commented(line)
        data, _, text = pair.partition(" => ")
        question, expect = _question(data), {"text": _bytes(text).decode()}
        name = f"text-{RULE}-{number:03}"
        yield Vector(name, "text", RULE, features_of(question, expect), question, expect, why=why)


def _question(data: str) -> dict[str, Data]:
    return {"bytes": bytes_data(_bytes(data))}


def _bytes(text: str) -> bytes:
    return text_bytes(words(text)[0])
