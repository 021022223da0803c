# SPDX-License-Identifier: Apache-2.0
"""Messages of DNS and HTTP, and the interface of what reads them from streams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from .streams import Piece
from .types import Dns, HttpRequest, HttpResponse


class Message(NamedTuple):
    """A message, and why it is not all that was sent; None if it is."""

    value: Dns | HttpRequest | HttpResponse
    incomplete: str | None = None


class MessageReader(Protocol):
    """Reader of the messages of one protocol in one direction of a connection."""

    @property
    def buffered(self) -> int:
        """Number of bytes that are kept of an incomplete message."""

    def begin(self) -> None:
        """Forget what was before: a connection begins."""

    def feed(self, piece: Piece) -> Iterable[Message]:
        """Return the messages that the next piece completes, or ends."""

    def close(self) -> Iterable[Message]:
        """Return the message that the end of the stream cuts, and forget it."""


def cut(copied: int, size: int) -> str:
    """Return the reason why a message is incomplete of which only the start was seen."""
    return f"cut: {copied} of {size} bytes"
