# SPDX-License-Identifier: Apache-2.0
"""Messages between the oracle and a consumer (docs/reference/oracle-protocol.md).

Each message is one JSON object on one line.  The oracle sends ``hello``, then one ``case`` at
a time, and then closes the pipe.  The consumer sends ``hello``, and for each case ``answer``,
``skipped`` or ``errored``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .encoding import Data
from .strict_json import JsonError, parse_json
from .vector import SEMANTICS, Vector, dump_line

VERSION: Final = 1
ALL_FEATURES: Final = "all"
"""Feature of a consumer that answers every case."""

MAX_LINE_BYTES: Final = 1 << 20
"""Limit of a line from a consumer."""

EXCERPT_CHARACTERS: Final = 200
"""Limit of an invalid line in an error message."""


class ProtocolError(Exception):
    """A line from the consumer that is not a valid message."""


@dataclass(frozen=True)
class Hello:
    """Name, version and features that a consumer declares."""

    name: str
    version: str
    features: frozenset[str]

    def missing_features(self, vector: Vector) -> list[str]:
        """Return the features that `vector` needs and the consumer did not declare."""
        if ALL_FEATURES in self.features:
            return []
        return sorted({vector.kind, *vector.features} - self.features)


def hello_line(catalogue: Iterable[Data]) -> str:
    """Return the first message of the oracle."""
    hello = {"type": "hello", "protocol": VERSION, "semantics": SEMANTICS}
    return dump_line(hello | {"catalogue": list(catalogue)})


def case_line(vector: Vector) -> str:
    """Return the message with the question of a vector, without the expected answer."""
    case = {"type": "case", "id": vector.id, "kind": vector.kind, "rule": vector.rule}
    return dump_line(case | {"features": sorted(vector.features)} | vector.question)


def read_line(line: bytes) -> dict[str, Data]:
    """Parse a line; raise ProtocolError if it is not a JSON object."""
    if not line.endswith(b"\n"):
        raise ProtocolError(f"incomplete line: {excerpt(line)}")
    try:
        data = parse_json(line)
    except JsonError:
        raise ProtocolError(f"not JSON: {excerpt(line)}") from None
    if not isinstance(data, dict):
        raise ProtocolError(f"not a JSON object: {excerpt(line)}")
    return data


def excerpt(line: bytes) -> str:
    """Return the start of a line, escaped to printable ASCII."""
    text = ascii(line.decode("utf-8", "replace").rstrip("\n"))
    return text if len(text) <= EXCERPT_CHARACTERS else f"{text[:EXCERPT_CHARACTERS]}..."


def read_hello(data: dict[str, Data]) -> Hello:
    """Return the consumer's hello; raise ProtocolError if it is invalid or of another version."""
    if data.get("type") != "hello":
        raise ProtocolError(f"expected hello, got {excerpt(json.dumps(data).encode())}")
    if data.get("protocol") != VERSION:
        raise ProtocolError(f"speaks protocol {data.get('protocol')!r}, not {VERSION}")
    features = data.get("features")
    if not isinstance(features, list) or not all(isinstance(name, str) for name in features):
        raise ProtocolError("its hello has no list 'features'")
    return Hello(_text(data, "name"), _text(data, "version"), frozenset(features))


def read_reply(data: dict[str, Data], case: str) -> dict[str, Data]:
    """Return a reply to the case with the id `case`; raise ProtocolError if it is invalid."""
    if data.get("type") not in ("answer", "skipped", "errored"):
        raise ProtocolError(f"not a reply: {excerpt(json.dumps(data).encode())}")
    if data.get("id") != case:
        raise ProtocolError(f"replied to {data.get('id')!r} instead of {case!r}")
    if data["type"] != "answer":
        _text(data, "reason")
    return data


def _text(data: dict[str, Data], name: str) -> str:
    text = data.get(name)
    if not isinstance(text, str) or not text:
        raise ProtocolError(f"its {data['type']} has no string {name!r}")
    return text
