"""The lines that the oracle and a consumer exchange (docs/reference/oracle-protocol.md).

One JSON object a line.  To the consumer: ``hello``, then one ``case`` at a time, then the end
of its input.  From it: ``hello``, and for each case ``answer``, ``skipped`` or ``errored``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .encoding import Data
from .vector import SEMANTICS, Vector, dump_line

VERSION: Final = 1
ALL: Final = "all"
"""A consumer that declares this feature is asked everything."""

MAX_LINE: Final = 1 << 20
"""Bytes of a line that a consumer may send."""

SHOWN: Final = 200
"""Characters of a bad line that an error shows."""


class ProtocolError(Exception):
    """The consumer said something that is no line of the protocol; the text says what."""


@dataclass(frozen=True)
class Hello:
    """What a consumer says of itself."""

    name: str
    version: str
    features: frozenset[str]

    def lacks(self, vector: Vector) -> list[str]:
        """Return the features that a vector needs and the consumer did not declare."""
        if ALL in self.features:
            return []
        return sorted({vector.kind, *vector.features} - self.features)


def hello_line(catalogue: Iterable[Data]) -> str:
    """Return what the oracle says first."""
    hello = {"type": "hello", "protocol": VERSION, "semantics": SEMANTICS}
    return dump_line(hello | {"catalogue": list(catalogue)})


def case_line(vector: Vector) -> str:
    """Return the question of a vector; what is expected stays here."""
    case = {"type": "case", "id": vector.id, "kind": vector.kind, "rule": vector.rule}
    return dump_line(case | {"features": sorted(vector.features)} | vector.question)


def read_line(line: bytes) -> dict[str, Data]:
    """Return the object of a line; ProtocolError if it has none."""
    if not line.endswith(b"\n"):
        raise ProtocolError(f"no whole line: {excerpt(line)}")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise ProtocolError(f"no JSON: {excerpt(line)}") from None
    if not isinstance(data, dict):
        raise ProtocolError(f"no JSON object: {excerpt(line)}")
    return data


def excerpt(line: bytes) -> str:
    """Return the beginning of a line in printable ASCII."""
    text = ascii(line.decode("utf-8", "replace").rstrip("\n"))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def read_hello(data: dict[str, Data]) -> Hello:
    """Return the consumer's hello; ProtocolError if it is none, or of another version."""
    if data.get("type") != "hello":
        raise ProtocolError(f"expected hello, got {excerpt(json.dumps(data).encode())}")
    if data.get("protocol") != VERSION:
        raise ProtocolError(f"speaks protocol {data.get('protocol')!r}, not {VERSION}")
    features = data.get("features")
    if not isinstance(features, list) or not all(isinstance(one, str) for one in features):
        raise ProtocolError("its hello has no list of features")
    return Hello(_text(data, "name"), _text(data, "version"), frozenset(features))


def read_reply(data: dict[str, Data], case: str) -> dict[str, Data]:
    """Return the reply to a case; ProtocolError if it is none."""
    if data.get("type") not in ("answer", "skipped", "errored"):
        raise ProtocolError(f"no reply: {excerpt(json.dumps(data).encode())}")
    if data.get("id") != case:
        raise ProtocolError(f"replied to {data.get('id')!r} and not to {case!r}")
    if data["type"] != "answer":
        _text(data, "reason")
    return data


def _text(data: dict[str, Data], name: str) -> str:
    text = data.get(name)
    if not isinstance(text, str) or not text:
        raise ProtocolError(f"its {data['type']} has no text {name!r}")
    return text
