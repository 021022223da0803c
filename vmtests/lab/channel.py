# SPDX-License-Identifier: Apache-2.0
"""JSON lines over the pipes of a process, with timeouts in both directions."""

from __future__ import annotations

import json
import os
import select
import time
from subprocess import Popen
from typing import Any


class ChannelClosedError(Exception):
    """The other end closed its pipe."""


class ChannelSilentError(Exception):
    """The other end did not read or answer within the time limit."""


class Channel:
    """The standard input and output of a process, which must be unbuffered pipes."""

    def __init__(self, process: Popen[bytes]) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process must have pipes for standard input and output")
        self._write_fd = process.stdin.fileno()
        self._read_fd = process.stdout.fileno()
        os.set_blocking(self._write_fd, False)
        self._received = bytearray()

    def send(self, message: dict[str, Any], seconds: float) -> None:
        """Write one line; raise ChannelSilentError if it is not read within ``seconds``."""
        rest = memoryview(json.dumps(message).encode() + b"\n")
        deadline = time.monotonic() + seconds
        while rest:
            _wait([], [self._write_fd], deadline)
            try:
                rest = rest[os.write(self._write_fd, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise ChannelClosedError from error

    def receive(self, seconds: float) -> dict[str, Any]:
        """Return the next JSON object, skipping other lines."""
        deadline = time.monotonic() + seconds
        while True:
            message = _parsed(self._line(deadline))
            if message is not None:
                return message

    def _line(self, deadline: float) -> bytes:
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            _wait([self._read_fd], [], deadline)
            if not (chunk := os.read(self._read_fd, 1 << 18)):
                raise ChannelClosedError
            self._received += chunk
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line


def _wait(readers: list[int], writers: list[int], deadline: float) -> None:
    remaining = max(0.0, deadline - time.monotonic())
    if not any(select.select(readers, writers, [], remaining)):
        raise ChannelSilentError


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
